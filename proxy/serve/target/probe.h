/*
 * One look at one target: does it let us in, and does it begin as it should?
 *
 * The happy path: connect, a PROXY header that says "I am only looking" where the target wants one,
 * the TLS handshake where it speaks TLS; then, if a banner is expected, its first bytes.
 *
 * What can fail: all of a dial; a banner that is wrong, late or missing.
 *
 * Owns: the dial, then the connection. Thread: its loop's. Errors: a reason and a line of detail.
 * Lifetime: from probe_start until the callback has returned, or probe_cancel.
 */
#ifndef WSLUICE_SERVE_TARGET_PROBE_H
#define WSLUICE_SERVE_TARGET_PROBE_H

#include "net/connect/dial.h"

struct probe_result {
    enum reason reason; /* none: as it should be */
    char detail[DIAL_DETAIL];
    uint64_t took_ms;
    struct tls_facts tls; /* with reason none and TLS; else empty */
};

struct probe_request {
    struct watch_set *watches;
    struct resolver *names;
    struct tls_scratch **scratch; /* the loop's (tls_create) */
    uint32_t *attempts;           /* likewise; see dial.h */
    const struct config_target *target;
    const char *banner;  /* what it must say first; NULL: it need not say anything */
    struct tls_ctx *tls; /* NULL: plain */
    uint32_t timeout_ms;
    void (*callback)(void *owner, const struct probe_result *result);
    void *owner;
};

struct probe;

/* NULL: out of memory. The callback never comes from within this call. */
WSL_MUST_CHECK struct probe *probe_start(const struct probe_request *request);
void probe_cancel(struct probe *probe); /* NULL is fine */

#endif
