/*
 * Answers to plain requests. Requests that arrive meanwhile wait. The state is HEAD again when the
 * kernel has the last byte of the answer.
 *
 *      HEAD --session_reply_send-------------------------> REPLYING --> HEAD, or LINGERING
 *      HEAD --session_reply_wait--> WAITING --session_reply_resume--^
 *
 * An asynchronous answer (files, other workers) has a producer, which keeps the wait and hands it
 * back on the worker's loop. The head of the request is freed by then: the producer copies what it
 * needs, and holds what that refers to.
 *
 * Owns: the answer until it is sent. Thread: the session's. Errors: out of memory: the client gets
 * a 503, or its connection is closed. Lifetime: each wait ends with session_reply_resume.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_REPLY_H
#define WSLUICE_SERVE_STAGES_SESSION_REPLY_H

#include "base/base.h"
#include "base/reason.h"

struct reply;
struct session;
struct session_wait;

/* In HEAD: sends an answer, and takes over its body. */
void session_reply_send(struct session *session, const struct reply *reply);

/* In HEAD or WAITING: sends an error; the connection stays if it may. */
void session_reply_fail(struct session *session, enum reason reason);

/*
 * In HEAD, LOOKING_UP or DIALLING: answers with the status of the reason. If it has none, or out of
 * memory, the connection is closed. Another request may follow only if this one was understood and
 * was no upgrade.
 */
void session_reply_refuse(struct session *session, enum reason reason);

/* Likewise with an answer of its own, which has the reason, and whose body is taken over. */
void session_reply_refuse_with(struct session *session, const struct reply *reply);

/*
 * In HEAD: an answer later. NULL: out of memory, and the client has its error. To learn that the
 * client has gone, the producer sets `abandoned`.
 */
WSL_MUST_CHECK struct session_wait *session_reply_wait(struct session *session);

/*
 * In WAITING: the answer may take minutes. Until then `milliseconds` is the deadline, and the
 * session ends if its client goes away.
 */
void session_reply_wait_long(struct session *session, uint64_t milliseconds);

/* In WAITING: there is something to read. */
void session_reply_check_client(struct session *session);

/*
 * Sends the answer, takes over its body and ends the wait; to be called exactly once for each wait.
 * If the wait is abandoned, the answer is only released.
 */
void session_reply_resume(struct session_wait *wait, const struct reply *reply);

/* The client has gone or the deadline has passed: the wait must be resumed, with any answer. */
bool session_reply_is_abandoned(const struct session_wait *wait);

/* In REPLYING: the descriptor is ready. */
void session_reply_turn(struct session *session);

/* In HEAD, after an answer: a lingering close, so that the client gets the rest of the answer. */
void session_reply_hang_up(struct session *session);

/* In WAITING or REPLYING: the deadline has passed. */
void session_reply_tick(struct session *session);

/* In WAITING or REPLYING: makes this answer the last of the connection. */
void session_reply_make_last(struct session *session);

/* Whether this answer is the last. */
bool session_reply_is_last(const struct session *session);

#endif
