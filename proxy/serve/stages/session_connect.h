/*
 * From an accepted upgrade request to an open session: connects to a target, and sends the 101
 * before or after, as the route says.
 *
 * Owns: nothing. Thread: the session's. Errors: HTTP 502, 503 or 504 before the 101, Close 1011
 * after it. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_CONNECT_H
#define WSLUICE_SERVE_STAGES_SESSION_CONNECT_H

#include "base/reason.h"

struct session;

/* In HEAD, with the 101 prepared in the entry's opening. */
void session_connect_begin(struct session *session);

/* In DIALLING or UPGRADED: stops connecting, for a reason of wsluice. */
void session_connect_give_up(struct session *session, enum reason reason);

#endif
