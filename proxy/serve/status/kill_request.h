/*
 * A request to end one session: it is sent to the session's worker, which replies. And one to end
 * all sessions of a user.
 *
 * Owns: nothing. Thread: kill_request_start and the callback on the asker's worker. Errors: false:
 * out of memory. Lifetime: ends with the callback; the asker's worker does not end before.
 */
#ifndef WSLUICE_SERVE_STATUS_KILL_REQUEST_H
#define WSLUICE_SERVE_STATUS_KILL_REQUEST_H

#include "base/reason.h"
#include "serve/session/session_env.h"

struct session;

#define KILL_REQUEST_BY 160

/* How to end it: session_drain_one, which lies above this folder. */
typedef void kill_request_end_fn(struct session *session, enum reason reason);

/* Whether there was such a session. */
typedef void kill_request_done_fn(void *owner, bool found);

/* `by`: the user or client that asks, for the log. */
WSL_MUST_CHECK bool kill_request_start(struct session_env *env, uint64_t id, const char *by,
                                       kill_request_end_fn *end, kill_request_done_fn *done,
                                       void *owner);

/*
 * Ends all sessions of a user, on one worker after the other: those whose route has a login with
 * this users file. Nobody is told when it is done.
 */
WSL_MUST_CHECK bool kill_request_start_user(struct session_env *env, const char *user,
                                            const char *users, kill_request_end_fn *end);

#endif
