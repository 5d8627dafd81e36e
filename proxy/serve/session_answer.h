/*
 * Answers that are no 101: refusals by the table of reasons, redirects, metrics and health. Each is
 * the last that the client gets on its connection.
 *
 * Owns: nothing. Thread: the session's. Errors: without memory, or for a reason that has no HTTP
 * status, the connection is closed. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_SESSION_ANSWER_H
#define WSLUICE_SERVE_SESSION_ANSWER_H

#include "serve/session_base.h"

/* In HEAD or DIALLING: the status that the table gives the reason, or nothing. */
void session_answer_refuse(struct session *session, enum reason reason);

/* In HEAD: what a route that is no bridge says to this request. */
void session_answer_plain(struct session *session, const struct http_head *head);

#endif
