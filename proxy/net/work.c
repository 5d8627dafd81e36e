#include "net/work.h"

#include "net/loop/pieces.h"

bool work_pool_open(struct work_pool *pool)
{
    work_share_init(&pool->share);
    return uv_mutex_init(&pool->lock) == 0;
}

void work_pool_close(struct work_pool *pool)
{
    uv_mutex_destroy(&pool->lock);
}

bool work_request(const struct work_lane *lane, struct work_job *job, enum work_kind kind,
                  uint64_t client, void (*begin)(struct work_job *job))
{
    *job = (struct work_job){.lane = lane, .begin = begin};
    uv_mutex_lock(&lane->pool->lock);
    bool begins = work_share_request(&lane->pool->share, &job->ticket, kind, client);
    uv_mutex_unlock(&lane->pool->lock);
    return begins;
}

static void begin_cb(void *owner, void *argument)
{
    struct work_job *job = argument;
    (void)owner;
    job->begin(job);
}

/* Under the lock, so that a job that waits is either linked in or posted. */
static void end(struct work_pool *pool, const struct work_job *job)
{
    struct work_waiter *ticket = work_share_finish(&pool->share, &job->ticket);
    if (!ticket)
        return;
    struct work_job *next = WSL_CONTAINER(ticket, struct work_job, ticket);
    mailbox_post(next->lane->mailbox, &next->post, begin_cb, next);
}

bool work_cancel(struct work_job *job)
{
    struct work_pool *pool = job->lane->pool;
    bool left = true;
    uv_mutex_lock(&pool->lock);
    if (!list_empty(&job->ticket.link))
        work_share_cancel(&job->ticket);
    else if (mailbox_withdraw(job->lane->mailbox, &job->post))
        end(pool, job);
    else
        left = false;
    uv_mutex_unlock(&pool->lock);
    return left;
}

void work_finish(struct work_job *job)
{
    struct work_pool *pool = job->lane->pool;
    uv_mutex_lock(&pool->lock);
    end(pool, job);
    uv_mutex_unlock(&pool->lock);
}

/* ---- a function in the pool ---- */

static void work_cb(uv_work_t *request)
{
    struct work_task *task = WSL_CONTAINER(request, struct work_task, request);
    task->work(task);
}

static void done_cb(uv_work_t *request, int status)
{
    struct work_task *task = WSL_CONTAINER(request, struct work_task, request);
    (void)status;
    work_finish(&task->job);
    PIECES_RUN("done", task->done, task->done(task));
}

static void begin(struct work_task *task)
{
    int queued = uv_queue_work(task->job.lane->loop, &task->request, work_cb, done_cb);
    wsl_assert(queued == 0); /* libuv fails only if there is no function to run */
}

static void task_begin_cb(struct work_job *job)
{
    struct work_task *task = WSL_CONTAINER(job, struct work_task, job);
    if (task->begun)
        task->begun(task);
    begin(task);
}

bool work_queue(const struct work_lane *lane, struct work_task *task, enum work_kind kind,
                uint64_t client)
{
    bool begins = work_request(lane, &task->job, kind, client, task_begin_cb);
    if (begins)
        begin(task);
    return begins;
}
