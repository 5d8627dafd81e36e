/*
 * Answers that are no 101: refusals by the table of reasons, redirects, metrics, health, pages. A
 * request that was understood leaves the connection to the next one; after any other, and after an
 * upgrade that was refused, it ends.
 *
 * Owns: nothing. Thread: the session's. Errors: without memory, or for a reason that has no HTTP
 * status, the connection is closed. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_HTTP_H
#define WSLUICE_SERVE_STAGES_SESSION_HTTP_H

#include "serve/session/session_base.h"

/* In HEAD or DIALLING: the status that the table gives the reason, or nothing. */
void session_http_refuse(struct session *session, enum reason reason);

/* In HEAD: what the route says to this request, which is not for a bridge. */
void session_http_plain(struct session *session, const struct http_head *head);

#endif
