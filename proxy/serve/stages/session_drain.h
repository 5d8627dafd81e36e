/*
 * Ending sessions from outside: in good order, or all at once.
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
 * Tells its client in the way that the state allows: a refusal, a Close frame, or nothing. A
 * session that is ending already goes on as it is.
 */
void session_drain_one(struct session *session, enum reason reason);

/* Closes a connection that waits for its first request, or for another one. */
void session_drain_idle(struct session *session, enum reason reason);

/* The process is going to stop: session_drain_one for at most `most` sessions; returns how many. */
size_t session_drain_some(struct session_env *env, size_t most);

/*
 * The listeners are closed: ends connections that wait for another request, and makes every later
 * answer the last on its connection. Sessions go on.
 */
void session_drain_retire(struct session_env *env);

/* Ends all at once. */
void session_drain_kill(struct session_env *env, enum reason reason);

#endif
