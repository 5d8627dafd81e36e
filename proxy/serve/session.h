/*
 * A session: one accepted client, from its first byte to its last, and the target it is joined to.
 * This is where the pure core meets descriptors: life.h says what may follow what, opening.h judges
 * the request, bridge.h moves the bytes; the session runs the I/O they ask for.
 *
 * The happy path: session_accept -> (TLS handshake) -> head -> dial -> 101 -> the bridge turns
 * until it is done. For routes that answer first, 101 comes before the dial.
 *
 * What can fail: every step, for a reason of the table. Before the upgrade the client gets an HTTP
 * status, after it a Close frame; when neither is possible the descriptors are closed.
 *
 * The dying rule: a session ends in one function, `die`, which may be called in any state and
 * closes whatever is alive; the memory goes when libuv has let go of the timer, and nowhere else.
 *
 * Owns: both transports and watches, dial, opening, bridge. Thread: its worker. Errors: reasons.
 * Lifetime: its own; in the worker's list until it dies.
 */
#ifndef WSLUICE_SERVE_SESSION_H
#define WSLUICE_SERVE_SESSION_H

#include "base/metrics.h"
#include "core/bridge.h"
#include "net/addr.h"
#include "net/resolve.h"
#include "net/tls.h"
#include "net/watch.h"
#include "serve/gate.h"

#include <uv.h>

/* What the sessions of one worker share. */
struct session_env {
    uv_loop_t *loop;
    struct watch_set watches;
    struct resolver *names;
    struct bridge_scratch *scratch;
    struct tls_scratch *tls_scratch; /* NULL until the first TLS connection */
    struct list sessions;
    size_t live; /* sessions whose memory is not yet free */
    struct metrics metrics;
    void (*gone)(struct session_env *env); /* after each free */
};

/* An accepted connection on its way to a worker. */
struct session_client {
    struct gate *gate; /* a reference, which goes with it */
    int fd;            /* non-blocking */
    uint32_t listener; /* index in the gate's configuration */
    struct addr peer;
};

/* Takes over the client; when memory is out it is closed and counted. */
void session_accept(struct session_env *env, const struct session_client *client);

/* The process is going to stop: tells every client in the way that its state allows. */
void session_drain_all(struct session_env *env);

/* Ends all at once. */
void session_kill_all(struct session_env *env, enum reason reason);

#endif
