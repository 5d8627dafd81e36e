/*
 * Refuses a request that is not let in: notes it for the log, and answers.
 *
 * Owns: nothing. Thread: the session's. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_REFUSAL_H
#define WSLUICE_SERVE_STAGES_SESSION_REFUSAL_H

#include "base/base.h"
#include "base/reason.h"

struct http_head;
struct session;

/* In HEAD or LOOKING_UP. `head` NULL: it is freed. */
void session_refusal_send(struct session *session, enum reason reason,
                          const struct http_head *head);

#endif
