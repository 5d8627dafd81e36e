/*
 * The end of a session, from any state: logs and counts it, and closes all that it has. Its
 * deadline passes at once, and its callback frees the memory; until then the state is DEAD, and no
 * other callback runs.
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

/* The deadline of a dead session: frees it. */
void session_end_free(struct session *session);

#endif
