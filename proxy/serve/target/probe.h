/*
 * One probe of one target: does it accept a connection, and does its banner match?
 *
 * The happy path: connect; send a PROXY header of type LOCAL if the target expects one; do the TLS
 * handshake if it speaks TLS; then compare its first bytes if a banner is configured.
 *
 * What can fail: all of a dial; a banner that is wrong, late or missing.
 *
 * Owns: the dial, then the connection. Thread: its loop's. Errors: a reason and a line of detail.
 * Lifetime: from probe_start until the callback has returned, or probe_cancel.
 */
#ifndef WSLUICE_SERVE_TARGET_PROBE_H
#define WSLUICE_SERVE_TARGET_PROBE_H

#include "net/connect/dial.h"
#include "net/tls/context/tls_facts.h"

struct config_target;

struct probe_result {
    enum reason reason; /* none: the target is up */
    char detail[DIAL_DETAIL];
    uint64_t took_ms;
    struct tls_facts tls; /* after a successful TLS handshake; else empty */
};

struct probe_request {
    struct watch_set *watches;
    struct resolver *resolver;
    struct tls_scratch **scratch; /* the loop's (tls_create) */
    uint32_t *attempts;           /* likewise; see dial.h */
    const struct config_target *target;
    const char *banner;  /* what it sends first (codec/banner.h); NULL: any, or nothing */
    struct tls_ctx *tls; /* NULL: plain */
    const struct config_proxy *proxy; /* NULL: none */
    uint32_t timeout_ms;
    void (*callback)(void *owner, const struct probe_result *result);
    void *owner;
};

struct probe;

/* NULL: out of memory. The callback is never called inside this call. */
WSL_MUST_CHECK struct probe *probe_start(const struct probe_request *request);
void probe_cancel(struct probe *probe); /* NULL: nothing happens */

#endif
