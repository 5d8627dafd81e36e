/*
 * Asks the methods of authentication of a route, or of its listener, who the client is
 * (auth_list.h). If a method takes time, the session waits in LOOKING_UP, and the head of its
 * request is kept until the request is over.
 *
 * Owns: the question and its answer, in the entry. Thread: the session's. Errors: reasons, with a
 * detail for the log. Lifetime: until the entry is reset, at the end of the request.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_AUTH_H
#define WSLUICE_SERVE_STAGES_SESSION_AUTH_H

#include "base/base.h"
#include "base/reason.h"

struct http_head;
struct session;

/* `head`: the one that was passed, or its copy, which lives as long as the request. */
typedef void session_auth_cb(struct session *session, const struct http_head *head,
                             enum reason reason);

/*
 * In HEAD, for a route that has methods or whose listener has: calls `known` with the result,
 * during this call or later, unless the session ends before. `body`: of a form; ptr NULL: the
 * request has none.
 */
void session_auth_ask(struct session *session, const struct http_head *head, struct slice body,
                      session_auth_cb *known);

/* After the result REASON_none: sends the answer of a method to a request of its own. False: none.
 */
WSL_MUST_CHECK bool session_auth_reply(struct session *session);

/*
 * Refuses the request as the methods say: a page, a challenge, or the status of the reason. False:
 * they have not refused it.
 */
bool session_auth_refuse(struct session *session, enum reason reason);

#endif
