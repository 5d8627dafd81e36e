/*
 * Changes the state of a session; no other module does.
 *
 * Owns: nothing. Thread: the session's. Errors: an edge that the table of life.h does not have, or
 * resources that do not fit the new state, are our bug: abort. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_STATE_H
#define WSLUICE_SERVE_SESSION_SESSION_STATE_H

#include "core/session/life.h"

struct session;
struct session_wait;

/*
 * To be called when the new state's resources exist and those of the old state are released; with
 * LIFE_DROPPED, before any is released.
 */
void session_state_step(struct session *session, enum life_event event);

/*
 * Steps into a state that waits for a result of somebody else, for so long; bytes of the client
 * are not read meanwhile. `event`: LIFE_LOOK_UP, LIFE_ASKED.
 */
void session_state_wait(struct session *session, struct session_wait *wait, enum life_event event,
                        uint64_t milliseconds);

#endif
