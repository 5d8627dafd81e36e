/*
 * A request that workers run one after the other, each on its own thread, so that no session is
 * read from another thread and no lock is taken.
 *
 *     asker            worker 0       worker 1
 *     begin, send ---> run
 *                      send --------> run
 *     run, end <----------------------reply
 *
 * The asker's worker does not end before worker_request_end: until then all mailboxes are open.
 *
 * Owns: nothing; a request is a member of the sender's struct. Thread: each function on the thread
 * that has the request. Errors: none; sending needs no memory. Lifetime: worker_request_begin to
 * worker_request_end.
 */
#ifndef WSLUICE_SERVE_STATUS_WORKER_REQUEST_H
#define WSLUICE_SERVE_STATUS_WORKER_REQUEST_H

#include "serve/session/session_env.h"

struct worker_request;
typedef void worker_request_fn(struct worker_request *request);

struct worker_request {
    struct mailbox_post post;
    struct session_env *asker;
    struct session_env *worker; /* the one that has it, or gets it next */
    worker_request_fn *run;
};

void worker_request_begin(struct worker_request *request, struct session_env *asker);

/* The worker of that number runs it on a later turn of its loop, even if it is the caller's own. */
void worker_request_send(struct worker_request *request, unsigned worker, worker_request_fn *run);

/* Back to the asker. */
void worker_request_reply(struct worker_request *request, worker_request_fn *run);

/* On the asker's thread. The asker's worker may end inside. */
void worker_request_end(struct worker_request *request);

#endif
