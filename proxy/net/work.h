/*
 * libuv's thread pool, shared by all loops of the process: a job begins when its kind has a share
 * free (core/resources/work_share).
 *
 *     work_request --true--> begins --------------------------> work_finish
 *           |                   ^
 *           +--false--> waits --+  its turn comes: `begin` is called, on the loop that requested
 *                         |
 *                         +--work_cancel--> never begins
 *
 * work_queue does all of it for a function: it requests the share, queues the function with libuv
 * when the job begins, and gives the share back. A look-up of a name has a request type of its own
 * in libuv, so it calls work_request and work_finish itself.
 *
 * Owns: nothing; jobs are linked in while they wait. Thread: work_queue and work_request on the
 * lane's loop, the rest on any. Errors: none. Lifetime: a pool outlives every lane and job.
 */
#ifndef WSLUICE_NET_WORK_H
#define WSLUICE_NET_WORK_H

#include <uv.h>

#include "core/resources/work_share.h"
#include "net/mailbox.h"

struct work_pool {
    uv_mutex_t lock;
    struct work_share share;
};

/* The pool as one loop uses it. */
struct work_lane {
    struct work_pool *pool;
    uv_loop_t *loop;
    struct mailbox *mailbox; /* of the loop */
};

struct work_job {
    struct work_waiter ticket;
    const struct work_lane *lane;
    void (*begin)(struct work_job *job);
    struct mailbox_post post;
};

WSL_MUST_CHECK bool work_pool_open(struct work_pool *pool); /* false: out of memory */
void work_pool_close(struct work_pool *pool);

/* True: begin now. False: `begin` is called later, unless work_cancel comes first. */
WSL_MUST_CHECK bool work_request(const struct work_lane *lane, struct work_job *job,
                                 enum work_kind kind, uint64_t client,
                                 void (*begin)(struct work_job *job));

/*
 * True: the job waited, will not begin, and is the caller's again. False: it has begun, or begins
 * at this moment on the lane's loop.
 */
WSL_MUST_CHECK bool work_cancel(struct work_job *job);

/* The job has ended: its share goes to the next one, and its memory is the caller's again. */
void work_finish(struct work_job *job);

/* A job that runs a function in libuv's pool. The caller sets the functions. */
struct work_task {
    void (*work)(struct work_task *task);  /* on a thread of the pool */
    void (*done)(struct work_task *task);  /* on the lane's loop; the task is the caller's again */
    void (*begun)(struct work_task *task); /* likewise, if it had to wait; NULL: no notification */
    struct work_job job;                   /* for work_cancel */
    uv_work_t request;
};

/* True: it has begun. False: it waits. `done` is called in both cases, unless it is cancelled. */
bool work_queue(const struct work_lane *lane, struct work_task *task, enum work_kind kind,
                uint64_t client);

#endif
