/*
 * A session: one accepted client, from its first byte to its last, and the target it is connected
 * to. Here the pure core meets descriptors: life.h has the states, opening.h reads the request,
 * bridge.h moves the bytes; the session does the I/O that they ask for. Its modules are listed in
 * session_priv.h.
 *
 * The happy path: session_accept -> (TLS handshake) -> head -> dial -> 101 -> the bridge turns
 * until it is done. For routes that answer first, 101 comes before the dial.
 *
 * What can fail: every step, for a reason of the table. Before the upgrade the client gets an HTTP
 * status, after it a Close frame; when neither is possible the descriptors are closed.
 *
 * Owns: both transports and watches, dial, opening, bridge. Thread: its worker. Errors: reasons.
 * Lifetime: its own; in the worker's list until it dies.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_H
#define WSLUICE_SERVE_STAGES_SESSION_H

#include <uv.h>

#include "base/reason.h"

struct session;
struct session_client;
struct session_env;

/* Takes over the client; when memory is out it is closed and counted. */
void session_accept(struct session_env *env, struct session_client *client);

/* A session's timer; for its own parts. */
void session_deadline_cb(uv_timer_t *timer);

#endif
