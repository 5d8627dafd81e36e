/*
 * A request to change the process, by a client of the admin socket: the supervisor reloads or
 * upgrades, and its verdict goes back to the asker's worker.
 *
 *     asker's worker                  main thread
 *     control_request_start --------> control.run: links it in, begins or queues the change
 *     done <------------------------- control_request_answer
 *
 * Each request gets one answer, also if the process ends: the asker's worker does not end before.
 *
 * Owns: the text of the verdict. Thread: control_request_start and the callback on the asker's
 * worker; control_request_answer on the main one. Errors: false: out of memory. Lifetime: ends with
 * the callback.
 */
#ifndef WSLUICE_SERVE_STATUS_CONTROL_REQUEST_H
#define WSLUICE_SERVE_STATUS_CONTROL_REQUEST_H

#include "serve/session/session_env.h"

enum control_verb {
    CONTROL_RELOAD,
    CONTROL_UPGRADE,
    CONTROL_DRAIN, /* as the first SIGTERM; of a successor (link_server.h) */
    CONTROL_END,   /* as the second one */
};

enum control_outcome {
    CONTROL_DONE,
    CONTROL_FAILED, /* nothing has changed */
    CONTROL_MOVED,  /* another process has the sockets: ask that one */
};

#define CONTROL_REQUEST_TEXT 16384 /* of a verdict, at most */

/* Who answers; shared by all workers. */
struct control {
    struct mailbox *mailbox; /* of the main thread */
    mailbox_fn *run;         /* its argument is the request */
};

struct control_verdict {
    enum control_outcome outcome;
    const char *text; /* lines: findings first, a sentence last; without a final line end */
};

struct control_request;

/* The text is borrowed. */
typedef void control_request_done_fn(void *owner, const struct control_verdict *verdict);

/* `by`: the user that asks, for the log. */
WSL_MUST_CHECK bool control_request_start(struct session_env *env, enum control_verb verb,
                                          const char *by, control_request_done_fn *done,
                                          void *owner);

enum control_verb control_request_verb(const struct control_request *request);
const char *control_request_by(const struct control_request *request);

/* The link by which the main thread queues requests, and the request of a link. */
struct list *control_request_link(struct control_request *request);
struct control_request *control_request_of(struct list *link);

/* Copies the verdict, without some findings if there are too many; out of memory, without text. */
void control_request_answer(struct control_request *request, const struct control_verdict *verdict);

#endif
