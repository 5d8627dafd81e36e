/*
 * Reaching any of a route's targets for one session: the candidates that the pool names, one after
 * the other, and again for a while when they are only just starting.
 *
 * The happy path: the first candidate connects. When one fails the next is dialled; all but the
 * last get half of what is left of connect_timeout, so that one black hole does not take all of it.
 *
 *     round ---- refused, unreachable or unresolved, within connect_retry ----> pause
 *       ^                                                                         |
 *       +------------------- 100 ms, 200 ms ... 1 s later ------------------------+
 *
 * A round may begin until connect_retry has passed and takes connect_timeout at most.
 *
 * What can fail: every candidate; the last failure is reported. What is no target's fault (memory,
 * descriptors, a request of which no address can be made) ends it at once and marks nobody.
 *
 * Owns: the dial, the pause, the mark in the pool that says who is being tried. Thread: its loop's.
 * Errors: in the result. Lifetime: from target_connect_start until the callback or
 * target_connect_cancel.
 */
#ifndef WSLUICE_SERVE_TARGET_TARGET_CONNECT_H
#define WSLUICE_SERVE_TARGET_TARGET_CONNECT_H

#include "core/route/captured_host.h"
#include "net/connect/dial.h"
#include "serve/target/pool.h"

#define TARGET_CONNECT_PREFACE 1024 /* a PROXY header with its TLVs */

/* What a session makes of a target before it is dialled; begins as the configuration has it. */
struct target_connect_candidate {
    struct config_address address; /* its host may lie in `host` */
    const char *tls_name;          /* NULL: as configured; may lie in `server_name` */
    struct lookup_origin origin;   /* of the host in `address` */
    bool plain;                    /* without TLS, whatever is configured */
    bool again; /* the first round has failed; is there still somebody waiting? */
    size_t preface_length;
    char host[CAPTURED_HOST_MAX + 1], server_name[CAPTURED_HOST_MAX + 1];
    uint8_t preface[TARGET_CONNECT_PREFACE];
};

/* The failure is the dial's; `target` is then the last that was tried, for the log. */
struct target_connect_result {
    struct dial_result dial;
    struct pool_target *target; /* connected: the owner's, to pool_end when the session is over */
};

struct target_connect_request {
    struct watch_set *watches;
    struct resolver *names;
    struct tls_scratch **scratch; /* the loop's (tls_create) */
    uint32_t *attempts;           /* the loop's; see dial.h */
    struct pool *pool;
    const struct config_route *route;
    /* NULL: dialled as configured. A reason other than none, not a target's, ends it. */
    enum reason (*prepare)(void *owner, const struct config_target *target,
                           struct target_connect_candidate *candidate);
    void (*callback)(void *owner, const struct target_connect_result *result);
    void *owner;
};

struct target_connect;

/*
 * NULL: it is over already, and *result says how. Otherwise the callback will come, never from
 * within this call.
 */
WSL_MUST_CHECK struct target_connect *
target_connect_start(const struct target_connect_request *request,
                     struct target_connect_result *result);

/* No callback comes after this. NULL is fine. */
void target_connect_cancel(struct target_connect *attempt);

#endif
