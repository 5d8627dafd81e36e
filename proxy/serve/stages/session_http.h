/*
 * Answers plain HTTP requests by the kind of their route: redirect, metrics, health, page, files,
 * status.
 *
 * Owns: nothing. Thread: the session's. Errors: a refusal by the table of reasons. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_HTTP_H
#define WSLUICE_SERVE_STAGES_SESSION_HTTP_H

struct http_head;
struct session;

/* In HEAD: answers a request that is not for a bridge. */
void session_http_reply(struct session *session, const struct http_head *head);

#endif
