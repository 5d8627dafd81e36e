/*
 * A configuration made ready to serve: the snapshot and what was built from it, TLS contexts and
 * the pool of targets. A reload makes new resources from the one before; sessions keep the one they
 * began with.
 *
 * What a reload keeps: ticket keys, so that TLS sessions resume; certificates whose files hold the
 * same bytes; what is known of targets that stayed the same.
 *
 * Owns: all of that. Thread: made on one, then read by any; the count is atomic. The store is the
 * main thread's. Errors: site_resources_create returns NULL and fills one line: place, file,
 * problem, remedy. Lifetime: the last release.
 */
#ifndef WSLUICE_SERVE_SITE_SITE_RESOURCES_H
#define WSLUICE_SERVE_SITE_SITE_RESOURCES_H

#include <stdatomic.h>

#include "config/model/config.h"
#include "net/tls/context/tls_ctx.h"
#include "serve/target/pool.h"

struct site_resources {
    atomic_uint references;
    const struct config *config;
    struct tls_store *store;       /* its certificates are for metrics and warnings */
    struct tls_ctx **listener_tls; /* per listener; NULL: plain only */
    struct pool *pool;
};

/* `previous`: what runs now, or NULL. It is not kept, nor is it changed. */
WSL_MUST_CHECK struct site_resources *site_resources_create(const struct config *config,
                                                            const struct site_resources *previous,
                                                            char *error, size_t error_size);
struct site_resources *site_resources_retain(struct site_resources *resources);
void site_resources_release(struct site_resources *resources);

/*
 * True once for each new state of the certificate, key and CA files: time for new resources. When
 * that cannot be made this one serves on, and stays silent about these files until they change
 * again. A stat for each file; to be called every few seconds, and true with the second call after
 * a change. Main thread.
 */
WSL_MUST_CHECK bool site_resources_files_changed(struct site_resources *resources);

#endif
