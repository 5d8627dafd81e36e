/*
 * The target of a session whose route has tokens: from the request to an address. The token itself
 * goes nowhere else; what the log has is the route's pattern and the target.
 *
 * Owns: nothing; the place is the entry's. Thread: the session's; it looks at the disk
 * (token_store.h). Errors: reasons, with a detail for the log. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_SESSION_TOKEN_H
#define WSLUICE_SERVE_SESSION_TOKEN_H

#include "serve/session_base.h"

/* Nothing happens where targets are configured. */
enum reason session_token_look_up(struct session *session,
                                  const struct http_head *head) WSL_MUST_CHECK;

/* The path of the request as a log may have it; NULL: not at all. A token in it is left out. */
const char *session_token_public_path(const struct session *session);

#endif
