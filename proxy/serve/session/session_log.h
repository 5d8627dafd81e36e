/*
 * The lines of the log about one session.
 *
 * Owns: the detail, which is the session's. Thread: the session's. Errors: without memory a line
 * lacks its detail. Lifetime: the session's.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_LOG_H
#define WSLUICE_SERVE_SESSION_SESSION_LOG_H

#include "base/reason.h"

struct log_line;
struct session;

/* The field `detail` of the line of its end; the first one stays. */
void session_log_detail(struct session *session, const char *detail);

/* The fields that every line about it has: id, client, listener, route, target. */
void session_log_parties(const struct session *session, struct log_line *line);

/* The line of its end. */
void session_log_end(const struct session *session, enum reason reason);

#endif
