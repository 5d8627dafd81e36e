/*
 * The way into libuv's thread pool for all loops of the process: work begins when its kind has a
 * share free (core/work_share).
 *
 *      work_request --true------------------> begins ---> work_finish
 *         |                                  ^
 *         +--false--> waits --its turn-------+  `begin` is called, on the loop that asked
 *                       |
 *                       +--work_cancel--> never begins
 *
 * work_queue does all of it for a function of the caller's: it asks, queues the function with libuv
 * when it begins, and gives the share back. A look-up of a name has a request of its own in libuv,
 * so it asks with work_request, and calls work_finish when the request is complete.
 *
 * Owns: nothing; jobs are linked in while they wait. Thread: work_queue, work_request and
 * work_cancel on the lane's loop, work_finish on any. Errors: none. Lifetime: a pool outlives every
 * lane and job.
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

/* One loop's way into the pool. */
struct work_lane {
    struct work_pool *pool;
    uv_loop_t *loop;
    struct mailbox *mailbox; /* of the loop */
};

struct work_job {
    struct work_ticket ticket;
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
 * A job that has not begun. True: it never will, and is the caller's again. False, on another
 * thread than the lane's only: it begins at this moment.
 */
WSL_MUST_CHECK bool work_cancel(struct work_job *job);

/* A job that had begun has ended, and its memory is the caller's again. */
void work_finish(struct work_job *job);

/* A job that runs a function in libuv's pool. The caller sets the functions. */
struct work_task {
    void (*work)(struct work_task *task);  /* on a thread of the pool */
    void (*done)(struct work_task *task);  /* on the lane's loop; the task is the caller's again */
    void (*begun)(struct work_task *task); /* likewise: one that waited begins; NULL: no need */
    struct work_job job;                   /* for work_cancel */
    uv_work_t request;
};

/* True: begun. False: it waits; `done` comes later in both cases, unless work_cancel comes first.
 */
bool work_queue(const struct work_lane *lane, struct work_task *task, enum work_kind kind,
                uint64_t client);

#endif
