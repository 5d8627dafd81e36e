/*
 * Finds the destination of a session whose route has tokens. The token is never logged: the log has
 * the route's pattern and the target. With tokens.auth there is none: the route's auth has named
 * the target.
 *
 * If the token's file must be read, the thread pool reads it (token_store.h), and the session waits
 * in LOOKING_UP.
 *
 * Owns: the pending look-up, which the session's end abandons; the destination is the entry's.
 * Thread: the session's. Errors: reasons, with a detail for the log. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_DESTINATION_SESSION_TOKEN_H
#define WSLUICE_SERVE_DESTINATION_SESSION_TOKEN_H

#include "base/base.h"
#include "base/reason.h"

struct http_head;
struct session;

typedef void session_token_cb(struct session *session, enum reason reason);

/*
 * In HEAD, for a route that has tokens: calls `known` with the result, during this call or later,
 * unless the session ends before.
 */
void session_token_look_up(struct session *session, const struct http_head *head,
                           session_token_cb *known);

/*
 * Whether the log leaves Host and Origin out. A page has one host for all of its requests, so that
 * the route of this one does not matter.
 */
bool session_token_may_be_in_host(const struct session *session);

/*
 * The request's path for the log, without a token; NULL: it must not be logged. Without a route it
 * may be a mistyped one for any route with tokens.
 */
const char *session_token_public_path(const struct session *session);

#endif
