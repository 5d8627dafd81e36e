/*
 * A session: one accepted client, from its first byte to its last, and the target that it is
 * connected to. It runs the I/O for the pure core: life.h is the table of states, opening.h reads
 * the request, bridge.h moves the bytes. session_priv.h lists its modules.
 *
 * Success: session_accept -> (TLS handshake) -> head -> dial -> 101 -> the bridge turns until it is
 * done. For routes that answer first, the 101 comes before the dial.
 *
 * Failure: each step may fail, for a reason of the table. Before the upgrade the client gets an
 * HTTP status, after it a Close frame; if neither is possible, the descriptors are closed.
 *
 * Owns: both transports and watches, dial, opening, bridge. Thread: its worker. Errors: reasons.
 * Lifetime: in the worker's list until it is DEAD, freed soon after (session_end.h).
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_H
#define WSLUICE_SERVE_STAGES_SESSION_H

#include "base/base.h"
#include "base/reason.h"

struct deadline;
struct session;
struct session_client;
struct session_env;

/*
 * Takes over the client, and reads at once, unless the loop is to serve it in its turn: one of
 * many, or one with a TLS handshake. Out of memory: closes and counts it.
 */
void session_accept(struct session_env *env, struct session_client *client, bool at_once);

/* The callback of session_env.timers. */
void session_deadline_cb(struct deadline *deadline);

#endif
