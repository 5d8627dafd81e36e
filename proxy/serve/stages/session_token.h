/*
 * The target of a session whose route has tokens: from the request to an address. The token itself
 * goes nowhere else; what the log has is the route's pattern and the target.
 *
 * Where the token's file has to be read, that happens in the pool (token_store.h), and the session
 * waits for it in LOOKING.
 *
 * Owns: the wait, which the session's end takes back; the destination is the entry's. Thread: the
 * session's. Errors: reasons, with a detail for the log. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_TOKEN_H
#define WSLUICE_SERVE_STAGES_SESSION_TOKEN_H

#include "base/reason.h"

struct http_head;
struct session;

typedef void session_token_cb(struct session *session, enum reason reason);

/*
 * In HEAD, for a route that has tokens: `known` is called with the verdict, from within this call
 * or later, unless the session ends before.
 */
void session_token_look_up(struct session *session, const struct http_head *head,
                           session_token_cb *known);

/* The path of the request as a log may have it; NULL: not at all. A token in it is left out. */
const char *session_token_public_path(const struct session *session);

#endif
