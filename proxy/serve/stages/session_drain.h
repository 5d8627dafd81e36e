/*
 * Ends sessions from outside: gracefully, or all at once.
 *
 * Owns: nothing. Thread: the worker's. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_DRAIN_H
#define WSLUICE_SERVE_STAGES_SESSION_DRAIN_H

#include <stddef.h>

#include "base/reason.h"

struct session;
struct session_env;

/*
 * Ends it as its state allows: with a refusal, a Close frame, or nothing. Does nothing to a session
 * that is ending.
 */
void session_drain_one(struct session *session, enum reason reason);

/* Closes a connection that waits for its first or its next request. */
void session_drain_idle(struct session *session, enum reason reason);

/*
 * On shutdown: session_drain_one for at most `most` sessions; returns how many. Not those of the
 * admin socket, which show how the drain goes.
 */
size_t session_drain_some(struct session_env *env, size_t most);

/*
 * Once the listeners are closed: ends connections that wait for another request, and makes each
 * later answer the last on its connection. Sessions continue.
 */
void session_drain_retire(struct session_env *env);

/* Ends all at once, but those of the admin socket. */
void session_drain_kill(struct session_env *env, enum reason reason);

/* Ends those of the admin socket as well: the process ends next. */
void session_drain_clear(struct session_env *env);

#endif
