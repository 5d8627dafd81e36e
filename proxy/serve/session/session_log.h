/*
 * The lines of the log about one session.
 *
 * Owns: nothing; the session owns detail and refusal. Thread: the session's. Errors: out of memory:
 * a line lacks these fields. Lifetime: the session's.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_LOG_H
#define WSLUICE_SERVE_SESSION_SESSION_LOG_H

#include "base/base.h"
#include "base/reason.h"

struct log_line;
struct session;

/* What a request asked for. Empty: not known, or a secret. Long texts are cut. */
struct session_log_request {
    struct slice path, host, origin;
};

/* Sets the field `detail` of the line about its end, if it is not set yet. */
void session_log_detail(struct session *session, const char *detail);

/* Adds the fields that each line about it has: id, client, proxy, listener, route, target, user. */
void session_log_parties(const struct session *session, struct log_line *line);

/*
 * A request is refused for this reason: if the session ends for the same one, the line has the
 * fields `path`, `host` and `origin`. The latest refusal counts.
 */
void session_log_refused(struct session *session, enum reason reason,
                         const struct session_log_request *request);

/* A later request is an upgrade, or the session ends. */
void session_log_forget_refused(struct session *session);

/* The session reaches its target: a line at level debug. `path`: of its request; NULL: a secret. */
void session_log_opened(const struct session *session, const char *path);

/* Logs its end. */
void session_log_end(const struct session *session, enum reason reason);

#endif
