#include "run/worker.h"

#include <unistd.h>

#include "base/log.h"
#include "run/loop.h"

/* ---- on the worker's thread ------------------------------------------------------------------ */

static void report_empty(struct worker *worker)
{
    if (!worker->draining || worker->reported || worker->env.live > 0)
        return;
    worker->reported = true;
    /* Without memory for the post the drain deadline ends the process. */
    (void)!mailbox_post(worker->supervisor, worker->empty, worker);
}

static void gone_cb(struct session_env *env)
{
    report_empty(WSL_CONTAINER(env, struct worker, env));
}

static void take_batch(void *owner, void *argument)
{
    struct worker *worker = owner;
    struct worker_batch *batch = argument;
    for (size_t i = 0; i < batch->count; i++)
        session_accept(&worker->env, &batch->clients[i]);
    free(batch);
    if (worker->draining)
        session_drain_all(&worker->env);
}

static void drain(void *owner, void *argument)
{
    struct worker *worker = owner;
    (void)argument;
    worker->draining = true;
    session_drain_all(&worker->env);
    report_empty(worker);
}

static void kill_sessions(void *owner, void *argument)
{
    struct worker *worker = owner;
    (void)argument;
    session_kill_all(&worker->env, REASON_drained);
}

static void stop(void *owner, void *argument)
{
    struct worker *worker = owner;
    (void)argument;
    resolver_close(worker->env.names);
    watch_set_close(&worker->env.watches);
    if (worker->alone)
        return;
    mailbox_close(&worker->mailbox);
    uv_stop(&worker->own_loop);
}

static void run(void *argument)
{
    struct worker *worker = argument;
    uv_run(&worker->own_loop, UV_RUN_DEFAULT);
    worker->at_rest = loop_finish(&worker->own_loop);
}

/* ---- on the supervisor's --------------------------------------------------------------------- */

static bool tell(struct worker *worker, mailbox_fn *run_it, void *argument)
{
    if (!worker->alone)
        return mailbox_post(&worker->mailbox, run_it, argument);
    run_it(worker, argument);
    return true;
}

static bool start_thread(struct worker *worker)
{
    if (uv_loop_init(&worker->own_loop) != 0)
        return false;
    worker->env.loop = &worker->own_loop;
    if (watch_set_open(&worker->env.watches, &worker->own_loop)) {
        if (mailbox_open(&worker->mailbox, &worker->own_loop, worker)) {
            if (uv_thread_create(&worker->thread, run, worker) == 0)
                return true;
            mailbox_close(&worker->mailbox);
        }
        watch_set_close(&worker->env.watches);
    }
    (void)!loop_finish(&worker->own_loop);
    return false;
}

bool worker_start(struct worker *worker, uv_loop_t *shared, struct mailbox *supervisor,
                  mailbox_fn *empty)
{
    *worker = (struct worker){.alone = shared != NULL, .supervisor = supervisor, .empty = empty};
    worker->env.loop = shared;
    worker->env.gone = gone_cb;
    list_init(&worker->env.sessions);
    worker->env.scratch = malloc(sizeof(*worker->env.scratch));
    worker->env.names = resolver_create(shared ? shared : &worker->own_loop);
    bool complete = worker->env.scratch && worker->env.names;
    if (complete && (shared ? watch_set_open(&worker->env.watches, shared) : start_thread(worker)))
        return true;
    resolver_close(worker->env.names);
    free(worker->env.scratch);
    return false;
}

static void close_clients(const struct session_client *clients, size_t count)
{
    log_message(REASON_ERROR, "%s: %zu connections were closed",
                reason_row(REASON_out_of_memory)->text, count);
    for (size_t i = 0; i < count; i++) {
        close(clients[i].fd);
        gate_release(clients[i].gate);
    }
}

void worker_give(struct worker *worker, const struct session_client *client)
{
    if (!worker->batch)
        worker->batch = malloc(sizeof(*worker->batch));
    if (!worker->batch) {
        close_clients(client, 1);
        return;
    }
    worker->batch->clients[worker->batch_count++] = *client;
    worker->given++;
    if (worker->batch_count == WORKER_BATCH)
        worker_flush(worker);
}

void worker_flush(struct worker *worker)
{
    struct worker_batch *batch = worker->batch;
    if (!batch)
        return;
    batch->count = worker->batch_count;
    worker->batch = NULL;
    worker->batch_count = 0;
    if (!tell(worker, take_batch, batch)) {
        close_clients(batch->clients, batch->count);
        free(batch);
    }
}

uint64_t worker_load(const struct worker *worker)
{
    const struct metrics *metrics = &worker->env.metrics;
    uint64_t taken = metrics_read(&metrics->counter[METRICS_connections]);
    uint64_t waiting = worker->given > taken ? worker->given - taken : 0;
    return metrics_read(&metrics->open) + waiting;
}

void worker_drain(struct worker *worker)
{
    (void)!tell(worker, drain, NULL);
}

void worker_kill(struct worker *worker)
{
    (void)!tell(worker, kill_sessions, NULL);
}

void worker_stop(struct worker *worker)
{
    worker->stopping = tell(worker, stop, NULL);
}

bool worker_free(struct worker *worker)
{
    /* Without memory for the post the thread goes on, and ends with the process. */
    if (!worker->stopping)
        return false;
    if (!worker->alone) {
        uv_thread_join(&worker->thread);
        if (!worker->at_rest)
            return false;
        mailbox_free(&worker->mailbox);
    }
    tls_scratch_free(worker->env.tls_scratch);
    free(worker->env.scratch);
    return true;
}
