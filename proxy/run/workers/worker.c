#include "run/workers/worker.h"

#include "base/log/log.h"
#include "net/connect/resolve.h"
#include "net/http/http_pool.h"
#include "net/loop/pieces.h"
#include "net/tls/tls.h"
#include "run/process/loop.h"
#include "serve/stages/session.h"
#include "serve/stages/session_drain.h"
#include "serve/status/link_server.h"

#define DRAIN_TICK_MS 50
/* Of the connections of one batch; the loop serves the others in their turn. */
#define SERVED_AT_ONCE 4
/* After sessions are killed, the disk has this long for the last bytes of recordings. */
#define RECORDINGS_MS 2000

/* ---- on the worker's thread ---- */

static void enter(struct worker *worker, enum worker_event event)
{
    worker->state = worker_state_next(worker->state, event);
}

static void report_empty(struct worker *worker)
{
    size_t abandoned = worker->abandons ? worker->env.recordings : 0;
    bool clearing = worker->state == WORKER_CLEARING;
    size_t exempt = abandoned + (clearing ? 0 : worker->env.admins);
    if (!worker_state_allows(worker->state, WORKER_LAST_ENDED) || worker->env.live > exempt)
        return;
    enter(worker, WORKER_LAST_ENDED);
    if (clearing) {
        mailbox_post(worker->shared->supervisor, &worker->cleared_post, worker->shared->cleared,
                     worker);
        return;
    }
    if (abandoned > 0)
        log_message(REASON_WARN, "the disk does not take the end of recordings: %zu are incomplete",
                    abandoned);
    uv_timer_stop(&worker->drain_timer);
    mailbox_post(worker->shared->supervisor, &worker->empty_post, worker->shared->empty, worker);
}

static void release_cb(struct session_env *env)
{
    report_empty(WSL_CONTAINER(env, struct worker, env));
}

static void take_batch(void *owner, void *argument)
{
    struct worker *worker = owner;
    struct worker_batch *batch = argument;
    for (size_t i = 0; i < batch->count; i++)
        session_accept(&worker->env, &batch->clients[i], i < SERVED_AT_ONCE);
    free(batch);
}

/* Spreads the ends evenly, so that clients that reconnect at once do not come as one wave. */
static void drain_cb(uv_timer_t *timer)
{
    struct worker *worker = WSL_CONTAINER(timer, struct worker, drain_timer);
    struct worker_drain *plan = &worker->drain;
    bool last = plan->tick >= plan->ticks;
    size_t due = last ? SIZE_MAX : plan->sessions * plan->tick / plan->ticks - plan->ended;
    PIECES_RUN("drain", session_drain_some, plan->ended += session_drain_some(&worker->env, due));
    plan->tick++;
    if (last)
        uv_timer_stop(timer);
}

static void retire(void *owner, void *argument)
{
    struct worker *worker = owner;
    (void)argument;
    enter(worker, WORKER_RETIRE);
    session_drain_retire(&worker->env);
    report_empty(worker);
}

static void drain(void *owner, void *argument)
{
    struct worker *worker = owner;
    (void)argument;
    enter(worker, WORKER_DRAIN);
    if (worker->state == WORKER_EMPTY)
        return;
    session_drain_retire(&worker->env);
    worker->drain = (struct worker_drain){
        .sessions = worker->env.live - worker->env.admins,
        .ticks = worker->drain_ms / DRAIN_TICK_MS,
    };
    uv_timer_start(&worker->drain_timer, drain_cb, DRAIN_TICK_MS, DRAIN_TICK_MS);
    drain_cb(&worker->drain_timer);
    report_empty(worker);
}

static void abandon_cb(uv_timer_t *timer)
{
    struct worker *worker = WSL_CONTAINER(timer, struct worker, drain_timer);
    enter(worker, WORKER_ABANDON);
    worker->abandons = true;
    report_empty(worker);
}

static void kill_sessions(void *owner, void *argument)
{
    struct worker *worker = owner;
    (void)argument;
    bool first = worker->state == WORKER_DRAINING;
    enter(worker, WORKER_KILL);
    session_drain_kill(&worker->env, REASON_drained);
    if (first && worker->state == WORKER_KILLING)
        uv_timer_start(&worker->drain_timer, abandon_cb, RECORDINGS_MS, 0);
}

static void serve_link(void *owner, void *argument)
{
    struct worker *worker = owner;
    (void)argument;
    if (!link_server_open(&worker->env, worker->link_fd, session_drain_one))
        log_message(REASON_ERROR, "the process that has taken over cannot see the sessions of this "
                                  "one: out of memory");
}

static void clear(void *owner, void *argument)
{
    struct worker *worker = owner;
    (void)argument;
    enter(worker, WORKER_CLEAR);
    session_drain_clear(&worker->env);
    link_server_close_all(&worker->env);
    report_empty(worker);
}

static void close_watches(struct worker *worker)
{
    uv_close((uv_handle_t *)&worker->drain_timer, NULL);
    loop_meter_close(&worker->meter);
    timers_close(&worker->env.timers);
    http_pool_close(worker->env.http);
    watch_set_close(&worker->env.watches);
    resolve_close(worker->env.resolver);
}

static void stop(void *owner, void *argument)
{
    struct worker *worker = owner;
    (void)argument;
    enter(worker, WORKER_STOP);
    close_watches(worker);
    if (worker->on_main_loop)
        return;
    mailbox_close(&worker->mailbox);
    uv_stop(&worker->own_loop);
}

static void run(void *argument)
{
    struct worker *worker = argument;
    uv_run(&worker->own_loop, UV_RUN_DEFAULT);
    if (loop_finish(&worker->own_loop))
        enter(worker, WORKER_FINISH);
}

/* ---- on the supervisor's thread ---- */

static void run_on(struct worker *worker, struct mailbox_post *post, mailbox_fn *function,
                   void *argument)
{
    if (worker->on_main_loop)
        function(worker, argument);
    else
        mailbox_post(&worker->mailbox, post, function, argument);
}

static bool open_http(struct worker *worker)
{
    struct session_env *env = &worker->env;
    const struct dial_loop loop = {&env->watches, env->resolver, &env->tls_scratch, &env->attempts};
    env->http = http_pool_create(&loop);
    return env->http != NULL;
}

static bool open_watches(struct worker *worker, uv_loop_t *loop)
{
    worker->env.loop = loop;
    worker->env.lane = (struct work_lane){
        .pool = worker->shared->work,
        .loop = loop,
        .mailbox = worker->on_main_loop ? worker->shared->supervisor : &worker->mailbox,
    };
    worker->env.resolver = resolve_create(&worker->env.lane, worker->shared->lookups);
    if (!worker->env.resolver)
        return false;
    if (watch_set_open(&worker->env.watches, loop)) {
        uv_timer_init(loop, &worker->drain_timer);
        loop_meter_open(&worker->meter, loop, &worker->env.metrics.loop_longest);
        timers_open(&worker->env.timers, loop, session_deadline_cb);
        if (open_http(worker))
            return true;
        close_watches(worker);
        return false;
    }
    resolve_close(worker->env.resolver);
    return false;
}

static bool start_thread(struct worker *worker)
{
    if (uv_loop_init(&worker->own_loop) != 0)
        return false;
    if (open_watches(worker, &worker->own_loop)) {
        if (mailbox_open(&worker->mailbox, &worker->own_loop, worker)) {
            if (uv_thread_create(&worker->thread, run, worker) == 0)
                return true;
            mailbox_close(&worker->mailbox);
        }
        close_watches(worker);
    }
    (void)!loop_finish(&worker->own_loop);
    return false;
}

bool worker_start(struct worker *worker, size_t number, uv_loop_t *main_loop,
                  const struct worker_shared *shared)
{
    *worker = (struct worker){.on_main_loop = main_loop != NULL, .shared = shared};
    worker->env.number = (unsigned)number;
    worker->env.process = shared->process;
    worker->env.control = shared->control;
    worker->env.predecessors = shared->predecessors;
    worker->env.generation = shared->generation;
    worker->env.workers = shared->workers;
    worker->env.limits = shared->limits;
    worker->env.attempts = shared->attempts;
    worker->env.duct_limit = shared->ducts;
    worker->env.on_release = release_cb;
    if (session_env_open(&worker->env) &&
        (main_loop ? open_watches(worker, main_loop) : start_thread(worker)))
        return true;
    session_env_close(&worker->env);
    return false;
}

static void refuse(struct session_client *client)
{
    log_message(REASON_ERROR, "%s: a connection was closed",
                reason_row(REASON_out_of_memory)->text);
    session_client_drop(client);
}

void worker_add_client(struct worker *worker, struct session_client *client)
{
    if (!worker->batch)
        worker->batch = malloc(sizeof(*worker->batch));
    if (!worker->batch) {
        refuse(client);
        return;
    }
    worker->batch->post.waiting = false;
    worker->batch->clients[worker->batch_count++] = *client;
    worker->clients_given++;
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
    run_on(worker, &batch->post, take_batch, batch);
}

uint64_t worker_load(const struct worker *worker)
{
    const struct metrics *metrics = &worker->env.metrics;
    uint64_t taken = metrics_read(&metrics->counter[METRICS_connections]);
    uint64_t waiting = worker->clients_given > taken ? worker->clients_given - taken : 0;
    return metrics_read(&metrics->open) + waiting;
}

void worker_drain(struct worker *worker, uint64_t spread_ms)
{
    worker->drain_ms = spread_ms;
    run_on(worker, &worker->drain_post, drain, NULL);
}

void worker_retire(struct worker *worker)
{
    run_on(worker, &worker->retire_post, retire, NULL);
}

void worker_kill(struct worker *worker)
{
    run_on(worker, &worker->kill_post, kill_sessions, NULL);
}

void worker_link(struct worker *worker, int fd)
{
    worker->link_fd = fd;
    run_on(worker, &worker->link_post, serve_link, NULL);
}

void worker_clear(struct worker *worker)
{
    run_on(worker, &worker->clear_post, clear, NULL);
}

void worker_stop(struct worker *worker)
{
    run_on(worker, &worker->stop_post, stop, NULL);
}

bool worker_free(struct worker *worker)
{
    if (!worker->on_main_loop) {
        uv_thread_join(&worker->thread);
        if (worker->state != WORKER_FINISHED)
            return false;
        mailbox_free(&worker->mailbox);
    }
    session_env_close(&worker->env);
    return true;
}
