/*
 * Begins the tap of a session that opens, if its bytes are recorded, shown or watched for input.
 *
 * Owns: nothing; the tap is the session's. Thread: the session's. Errors: out of memory: the
 * session continues without a tap. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_TAP_H
#define WSLUICE_SERVE_STAGES_SESSION_TAP_H

struct session;

/* Before the session is OPEN, while it has its entry. */
void session_tap_begin(struct session *session);

#endif
