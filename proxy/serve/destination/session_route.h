/*
 * Finds the route of a request: its path in normal form, and the match in the site's table. A route
 * with a login has PATH/logout as well. Then counts the session that it becomes.
 *
 * Owns: nothing; path and match are the entry's. Thread: the session's. Errors: reasons. Lifetime:
 * none.
 */
#ifndef WSLUICE_SERVE_DESTINATION_SESSION_ROUTE_H
#define WSLUICE_SERVE_DESTINATION_SESSION_ROUTE_H

#include "base/base.h"
#include "base/reason.h"

struct http_head;
struct session;

/* In HEAD: sets path and match of the entry, and the route of the session. */
WSL_MUST_CHECK enum reason session_route_find(struct session *session,
                                              const struct http_head *head);

/* Likewise on a raw listener, which has one route. */
void session_route_take_raw(struct session *session);

/* Counts the session on its route and, if that limits them, as one of its user. */
WSL_MUST_CHECK enum reason session_route_enter(struct session *session);

#endif
