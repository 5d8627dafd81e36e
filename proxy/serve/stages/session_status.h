/*
 * Requests to a route of kind status: the page, the sessions as JSON or text, and the end of a
 * session.
 *
 * Sessions can be ended by clients of a route with an `allow` list, which must send the token that
 * the status contains, and browsers only from a page of the same origin; and by users that may open
 * the admin socket.
 *
 * Owns: nothing; a pending answer holds the site and the wait. Thread: the session's. Errors: an
 * error answer. Lifetime: the request's.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_STATUS_H
#define WSLUICE_SERVE_STAGES_SESSION_STATUS_H

struct http_head;
struct session;

/* In HEAD, with a request by GET, HEAD or POST and without a body. */
void session_status_answer(struct session *session, const struct http_head *head);

#endif
