/*
 * What the sessions of one worker share, and what a session begins with.
 *
 * Owns: see the fields. Thread: the worker's. Errors: none. Lifetime: a session_env is its
 * worker's, and outlives the sessions.
 */
#ifndef WSLUICE_SERVE_SESSION_ENV_H
#define WSLUICE_SERVE_SESSION_ENV_H

#include <uv.h>

#include "base/metrics.h"
#include "core/bridge.h"
#include "net/addr.h"
#include "net/resolve.h"
#include "net/tls.h"
#include "net/watch.h"
#include "serve/ops.h"
#include "serve/site.h"

struct session_env {
    uv_loop_t *loop;
    struct watch_set watches;
    struct resolver *names;
    struct bridge_scratch *scratch;
    struct tls_scratch *tls_scratch; /* NULL until the first TLS connection */
    struct list sessions;
    size_t live; /* sessions whose memory is not yet free */
    struct metrics metrics;
    unsigned number;                       /* of the worker */
    const struct ops_process *ops;         /* borrowed */
    uv_timer_cb deadline;                  /* session_deadline_cb */
    void (*gone)(struct session_env *env); /* after each free */
};

/* An accepted connection on its way to a worker. */
struct session_client {
    struct site *site; /* a reference, which goes with it */
    int fd;            /* non-blocking */
    uint32_t listener; /* index in the site's configuration */
    struct addr peer;
};

#endif
