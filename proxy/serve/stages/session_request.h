/*
 * The head of a request: reading it, and what it may have. In this order: who asks, how many of
 * them there are, from where; which route; what that route is for; the page that it comes from;
 * where its token leads to.
 *
 * Owns: nothing. Thread: the session's. Errors: HTTP statuses by the table of reasons.
 * Lifetime: none.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_REQUEST_H
#define WSLUICE_SERVE_STAGES_SESSION_REQUEST_H

#include "base/base.h"
#include "base/reason.h"

struct session;

/* HEAD has begun, or its descriptor is ready. */
void session_request_read(struct session *session);

/* Whoever has not begun a request is not answered either. */
bool session_request_begun(const struct session *session);

/* Counts the client by its address, once that is known; what is refused is told with the answer. */
void session_request_admit(struct session *session);

/*
 * A verdict of the limits, before the request is read. One against the client is told without
 * reading, except where its listener may be asked for liveness: then the request is read, if it
 * comes soon and there are not too many like it.
 */
void session_request_judged(struct session *session, enum reason verdict);

#endif
