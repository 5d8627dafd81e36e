/*
 * Connects one session to a target of its route: dials the pool's candidates one after the other,
 * and starts again for a while if they seem to be just starting.
 *
 * The happy path: the first candidate connects, and sends first what the route expects, or opens
 * the WebSocket that it speaks. If one fails the next is dialled. All but the last get half of what
 * is left of connect_timeout, so that one that drops packets does not use it up.
 *
 *     round ---- refused, unreachable or unresolved, within connect_retry ----> pause
 *       ^                                                                         |
 *       +------------------- 100 ms, 200 ms ... 1 s later ------------------------+
 *
 * A round may begin until connect_retry has passed, and takes connect_timeout at most. There is no
 * further round for the port of a command that has ended.
 *
 * What can fail: every candidate; the last failure is reported. A failure that is not the target's
 * (memory, descriptors, a request that gives no valid address) ends it at once, and no target's
 * health changes.
 *
 * Owns: the dial, the timer, the target's count in the pool while it is tried. Thread: its loop's.
 * Errors: in the result. Lifetime: from target_connect_start until the callback or
 * target_connect_cancel.
 */
#ifndef WSLUICE_SERVE_TARGET_TARGET_CONNECT_H
#define WSLUICE_SERVE_TARGET_TARGET_CONNECT_H

#include <stdatomic.h>

#include "config/model/config.h"
#include "core/route/captured_host.h"
#include "net/connect/dial.h"

struct bridge_scratch;
struct target_pool;
struct pool_target;

#define TARGET_CONNECT_PREFACE 1024 /* a PROXY header with its TLVs */
#define TARGET_CONNECT_PATH    4096 /* a path with its captures, and a NUL */

/* The address that is dialled for a target: as configured, or as `prepare` changes it. */
struct target_connect_candidate {
    struct config_address address; /* its host may point into `host` */
    const char *tls_name;          /* NULL: as configured; may point into `server_name` */
    const char *path;            /* of a WebSocket; NULL: as configured; may point into `ws_path` */
    struct lookup_source origin; /* who chose the host in `address` */
    const char *shown;           /* dial_result.h, as no_link and permit */
    const struct permit *permit;
    bool no_link;
    bool plain;            /* without TLS, even if it is configured */
    struct slice greeting; /* of the token's answer: sent before the client's bytes */
    bool again;            /* not the first round: the client may be gone */
    size_t preface_length;
    char host[CAPTURED_HOST_MAX + 1], server_name[CAPTURED_HOST_MAX + 1];
    char ws_path[TARGET_CONNECT_PATH];
    uint8_t preface[TARGET_CONNECT_PREFACE];
};

/* On failure `target` is the last one that was tried, for the log. */
struct target_connect_result {
    struct dial_result dial;
    struct pool_target *target; /* connected: call target_pool_end when the session is over */
    /*
     * The target's first bytes, in the buffer of the request: its banner, or what followed its
     * answer to an upgrade. They are there until the callback, or target_connect_start, has
     * returned and the loop's next user of that buffer writes to it.
     */
    size_t first_length;
    const char *subprotocol; /* of those that it was offered; NULL: none */
};

struct target_connect_request {
    struct watch_set *watches;
    struct resolver *resolver;
    struct tls_scratch **scratch;  /* the loop's (tls_create) */
    uint32_t *attempts;            /* the loop's; see dial.h */
    struct bridge_scratch *buffer; /* the loop's; for the first bytes of a target */
    /* Subprotocols for a target that speaks WebSocket, if it has none of its own. NULL: none. */
    const struct config_texts *offered;
    struct target_pool *pool;
    const struct config_route *route;
    /* True: this process's command has ended, so its port will not be opened. NULL: false. */
    const atomic_bool *command_ended;
    /* NULL: dial as configured. A reason other than none, not a target's, ends the attempt. */
    enum reason (*prepare)(void *owner, const struct config_target *target,
                           struct target_connect_candidate *candidate);
    void (*callback)(void *owner, const struct target_connect_result *result);
    void *owner;
};

struct target_connect;

/*
 * NULL: it is over, and *result is set. Otherwise the callback follows, but never inside this
 * call.
 */
WSL_MUST_CHECK struct target_connect *
target_connect_start(const struct target_connect_request *request,
                     struct target_connect_result *result);

/* No callback follows. NULL: nothing happens. */
void target_connect_cancel(struct target_connect *attempt);

#endif
