/*
 * The one way to die: callable in any state, logs and counts the end, and closes everything that is
 * open. The memory goes when libuv has let go of the timer, and nowhere else. Until then the state
 * is DEAD, and no callback but that one comes.
 *
 * Owns: nothing. Thread: the session's. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_END_H
#define WSLUICE_SERVE_SESSION_SESSION_END_H

#include "base/reason.h"

struct session;

/*
 * The reason of a bridge that is ending, or of a lingering close, is kept. Called again: nothing
 * happens.
 */
void session_end_now(struct session *session, enum reason reason);

#endif
