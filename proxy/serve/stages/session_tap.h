/*
 * What the configuration wants to see of a session: its recording, its marks on standard output.
 *
 * Owns: nothing; what it begins ends in session_base_die. Thread: the session's. Errors: without
 * memory the session goes on unseen, and one warning says so. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_TAP_H
#define WSLUICE_SERVE_STAGES_SESSION_TAP_H

#include "serve/session/session_base.h"

/* Once, before the first payload. */
void session_tap_begin(struct session *session);

#endif
