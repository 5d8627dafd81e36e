/*
 * The lines of the log about one session.
 *
 * Owns: nothing; the session owns the detail. Thread: the session's. Errors: out of memory: a line
 * lacks its detail. Lifetime: the session's.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_LOG_H
#define WSLUICE_SERVE_SESSION_SESSION_LOG_H

#include "base/reason.h"

struct log_line;
struct session;

/* Sets the field `detail` of the line about its end, if it is not set yet. */
void session_log_detail(struct session *session, const char *detail);

/* Adds the fields that each line about it has: id, client, proxy, listener, route, target. */
void session_log_parties(const struct session *session, struct log_line *line);

/* Logs its end. */
void session_log_end(const struct session *session, enum reason reason);

#endif
