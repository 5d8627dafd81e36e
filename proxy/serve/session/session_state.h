/*
 * The one place that changes the state of a session.
 *
 * Owns: nothing. Thread: the session's. Errors: an edge that the table of life.h does not have, or
 * resources that do not fit the new state, are our bug: abort. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_STATE_H
#define WSLUICE_SERVE_SESSION_SESSION_STATE_H

#include "core/session/life.h"

struct session;

/*
 * Called once the new state's resources are there and the old one's are released; with
 * LIFE_DROPPED, before any is.
 */
void session_state_step(struct session *session, enum life_event event);

#endif
