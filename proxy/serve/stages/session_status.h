/*
 * Requests to a route of kind status: the page, what goes on as JSON or text, and the end of a
 * session.
 *
 * Whoever may end sessions: clients of a route with an `allow` list (which has let them in), that
 * show the token that the status told them, from a page of our own if they are browsers; and
 * whoever may open the admin socket.
 *
 * Owns: nothing; an answer that is under way holds the site and the wait. Thread: the session's.
 * Errors: an answer that says so. Lifetime: the request's.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_STATUS_H
#define WSLUICE_SERVE_STAGES_SESSION_STATUS_H

struct http_head;
struct session;

/* In HEAD, with a request by GET, HEAD or POST and without a body. */
void session_status_answer(struct session *session, const struct http_head *head);

#endif
