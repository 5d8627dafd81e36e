/*
 * A configuration made ready to serve: the snapshot and what was built from it, such as TLS
 * contexts. A reload makes a new gate; sessions keep the one they began with.
 *
 * Owns: a reference to the snapshot, the TLS contexts. Thread: made on one, then read by any; the
 * count is atomic. Errors: gate_create returns NULL and fills one line. Lifetime: the last release.
 */
#ifndef WSLUICE_SERVE_GATE_H
#define WSLUICE_SERVE_GATE_H

#include <stdatomic.h>

#include "config/config.h"
#include "net/tls_ctx.h"

struct gate {
    atomic_uint references;
    const struct config *config;
    struct tls_ctx **listener_tls; /* per listener; NULL: plain only */
    struct tls_ctx **target_tls;   /* per route; NULL: plain */
};

struct gate *gate_create(const struct config *config, char *error,
                         size_t error_size) WSL_MUST_CHECK;
struct gate *gate_retain(struct gate *gate);
void gate_release(struct gate *gate);

#endif
