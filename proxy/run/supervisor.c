#include "run/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <uv.h>

#include "base/log.h"
#include "net/listen.h"
#include "net/watch.h"
#include "run/loop.h"
#include "run/machine.h"
#include "run/worker.h"

#define ACCEPT_PAUSE_MS    50
#define ACCEPTS_PER_TURN   256
#define PAUSE_LOG_EVERY_MS 10000

/* Descriptors that are not sessions: log, listeners, and a loop's own per thread. */
#define DESCRIPTORS_RESERVED   32
#define DESCRIPTORS_PER_WORKER 8

struct listener {
    struct supervisor *supervisor;
    struct listen_socket socket;
    struct watch *watch;
};

struct supervisor {
    uv_loop_t loop;
    struct watch_set watches;
    struct mailbox mailbox;
    uv_signal_t terminate, interrupt;
    uv_timer_t drain_timer, resume_timer;
    const struct config *config;
    struct gate *gate;
    struct listener *listeners;
    size_t listener_count;
    struct worker *workers;
    size_t worker_count, workers_empty;
    uint64_t max_open;        /* connections that the descriptors allow */
    uint64_t pause_logged_at; /* 0: never */
    bool draining, killed;
};

/* ---- accepting ------------------------------------------------------------------------------- */

static void want_all(struct supervisor *supervisor, unsigned want)
{
    for (size_t i = 0; i < supervisor->listener_count; i++)
        if (supervisor->listeners[i].watch)
            watch_want(supervisor->listeners[i].watch, want);
}

static void resume_cb(uv_timer_t *timer)
{
    want_all(WSL_CONTAINER(timer, struct supervisor, resume_timer), WATCH_READ);
}

static void pause_accepting(struct supervisor *supervisor, const char *why)
{
    uint64_t now = uv_now(&supervisor->loop);
    want_all(supervisor, 0);
    uv_timer_start(&supervisor->resume_timer, resume_cb, ACCEPT_PAUSE_MS, 0);
    if (supervisor->pause_logged_at != 0 && now - supervisor->pause_logged_at < PAUSE_LOG_EVERY_MS)
        return;
    supervisor->pause_logged_at = now;
    log_message(REASON_WARN,
                "accepting pauses: %s; new clients wait (raise the limit of open files)", why);
}

static struct worker *least_loaded(struct supervisor *supervisor, uint64_t *total)
{
    struct worker *best = NULL;
    uint64_t best_load = 0;
    *total = 0;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        uint64_t load = worker_load(&supervisor->workers[i]);
        *total += load;
        if (!best || load < best_load) {
            best = &supervisor->workers[i];
            best_load = load;
        }
    }
    return best;
}

/* False when there is nothing more to accept for now. */
static bool accept_one(struct listener *listener)
{
    struct supervisor *supervisor = listener->supervisor;
    uint64_t open;
    struct worker *worker = least_loaded(supervisor, &open);
    if (open >= supervisor->max_open) {
        pause_accepting(supervisor, "as many connections are open as descriptors allow");
        return false;
    }
    struct session_client client = {
        .listener = (uint32_t)(listener - supervisor->listeners),
    };
    client.fd = listen_accept(&listener->socket, &client.peer);
    if (client.fd >= 0) {
        client.gate = gate_retain(supervisor->gate);
        worker_give(worker, &client);
        return true;
    }
    if (errno != EAGAIN)
        pause_accepting(supervisor, strerror(errno));
    return false;
}

static void accept_cb(void *owner, unsigned ready)
{
    struct listener *listener = owner;
    struct supervisor *supervisor = listener->supervisor;
    (void)ready;
    for (int i = 0; i < ACCEPTS_PER_TURN && accept_one(listener); i++)
        ;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        worker_flush(&supervisor->workers[i]);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void close_listeners(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->listener_count; i++) {
        struct listener *listener = &supervisor->listeners[i];
        watch_close(listener->watch);
        listener->watch = NULL;
        listen_close(&listener->socket);
    }
}

static void close_handles(struct supervisor *supervisor)
{
    close_listeners(supervisor);
    for (size_t i = 0; i < supervisor->worker_count; i++)
        worker_stop(&supervisor->workers[i]);
    watch_set_close(&supervisor->watches);
    mailbox_close(&supervisor->mailbox);
    uv_close((uv_handle_t *)&supervisor->terminate, NULL);
    uv_close((uv_handle_t *)&supervisor->interrupt, NULL);
    uv_close((uv_handle_t *)&supervisor->drain_timer, NULL);
    uv_close((uv_handle_t *)&supervisor->resume_timer, NULL);
    uv_stop(&supervisor->loop);
}

static void log_sums(const struct supervisor *supervisor)
{
    struct log_line line;
    log_begin(&line, REASON_INFO, "stopped");
    for (int metric = 0; metric < METRICS_COUNT; metric++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < supervisor->worker_count; i++)
            sum += metrics_read(&supervisor->workers[i].env.metrics.counter[metric]);
        log_number(&line, metrics_name((enum metric)metric), sum);
    }
    log_end(&line);
}

static void worker_empty(void *owner, void *argument)
{
    struct supervisor *supervisor = owner;
    (void)argument;
    if (++supervisor->workers_empty < supervisor->worker_count)
        return;
    log_sums(supervisor);
    close_handles(supervisor);
}

static void kill_all(struct supervisor *supervisor)
{
    if (supervisor->killed)
        return;
    supervisor->killed = true;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        worker_kill(&supervisor->workers[i]);
}

static void drain_timer_cb(uv_timer_t *timer)
{
    struct supervisor *supervisor = WSL_CONTAINER(timer, struct supervisor, drain_timer);
    log_message(REASON_WARN, "%s: ending the remaining sessions", reason_row(REASON_drained)->text);
    kill_all(supervisor);
}

static void signal_cb(uv_signal_t *handle, int number)
{
    struct supervisor *supervisor = handle->data;
    if (supervisor->draining) {
        log_message(REASON_WARN, "signal %d again: ending at once", number);
        kill_all(supervisor);
        return;
    }
    supervisor->draining = true;
    log_message(REASON_INFO, "signal %d: no new clients, waiting for sessions to end", number);
    uv_timer_stop(&supervisor->resume_timer);
    close_listeners(supervisor);
    for (size_t i = 0; i < supervisor->worker_count; i++)
        worker_drain(&supervisor->workers[i]);
    uv_timer_start(&supervisor->drain_timer, drain_timer_cb,
                   supervisor->config->limits.drain_timeout_ms, 0);
}

/* ---- the beginning --------------------------------------------------------------------------- */

static bool open_listeners(struct supervisor *supervisor, char *error, size_t error_size)
{
    const struct config *config = supervisor->config;
    supervisor->listeners = calloc(config->listener_count, sizeof(*supervisor->listeners));
    for (size_t i = 0; supervisor->listeners && i < config->listener_count; i++) {
        struct listener *listener = &supervisor->listeners[i];
        listener->supervisor = supervisor;
        if (!listen_open(&listener->socket, &config->listeners[i], error, error_size))
            return false;
        supervisor->listener_count++;
        listener->watch =
            watch_open(&supervisor->watches, listener->socket.fd, 0, accept_cb, listener);
        if (!listener->watch)
            break;
    }
    if (supervisor->listener_count == config->listener_count)
        return true;
    snprintf(error, error_size, "out of memory or descriptors while opening listeners");
    return false;
}

static bool start_workers(struct supervisor *supervisor, char *error, size_t error_size)
{
    size_t count = supervisor->config->workers;
    if (count == 0)
        count = machine_cpus();
    uv_loop_t *shared = count == 1 ? &supervisor->loop : NULL;
    supervisor->workers = calloc(count, sizeof(*supervisor->workers));
    while (supervisor->workers && supervisor->worker_count < count) {
        if (!worker_start(&supervisor->workers[supervisor->worker_count], shared,
                          &supervisor->mailbox, worker_empty))
            break;
        supervisor->worker_count++;
    }
    if (supervisor->worker_count == count)
        return true;
    snprintf(error, error_size, "cannot start %zu workers; ask for fewer with --workers", count);
    return false;
}

static void limit_connections(struct supervisor *supervisor)
{
    uint64_t descriptors = machine_descriptors();
    uint64_t reserved =
        DESCRIPTORS_RESERVED + DESCRIPTORS_PER_WORKER * (uint64_t)supervisor->worker_count;
    /* A session needs one descriptor for its client and one for its target. */
    supervisor->max_open = descriptors > reserved + 2 ? (descriptors - reserved) / 2 : 1;
}

static void listen_for_signals(struct supervisor *supervisor)
{
    supervisor->terminate.data = supervisor->interrupt.data = supervisor;
    uv_signal_start(&supervisor->terminate, signal_cb, SIGTERM);
    uv_signal_start(&supervisor->interrupt, signal_cb, SIGINT);
}

static bool open_loop(struct supervisor *supervisor)
{
    if (uv_loop_init(&supervisor->loop) != 0)
        return false;
    if (watch_set_open(&supervisor->watches, &supervisor->loop) &&
        mailbox_open(&supervisor->mailbox, &supervisor->loop, supervisor) &&
        uv_signal_init(&supervisor->loop, &supervisor->terminate) == 0 &&
        uv_signal_init(&supervisor->loop, &supervisor->interrupt) == 0) {
        uv_timer_init(&supervisor->loop, &supervisor->drain_timer);
        uv_timer_init(&supervisor->loop, &supervisor->resume_timer);
        return true;
    }
    return false;
}

struct supervisor *supervisor_create(const struct config *config, char *error, size_t error_size)
{
    struct supervisor *supervisor = calloc(1, sizeof(*supervisor));
    if (!supervisor || !open_loop(supervisor)) {
        /* What little was opened ends with the process. */
        snprintf(error, error_size, "cannot make an event loop: out of memory or descriptors");
        free(supervisor);
        return NULL;
    }
    supervisor->config = config_retain(config);
    signal(SIGPIPE, SIG_IGN);
    supervisor->gate = gate_create(config, NULL, error, error_size);
    if (supervisor->gate && open_listeners(supervisor, error, error_size) &&
        start_workers(supervisor, error, error_size)) {
        limit_connections(supervisor);
        listen_for_signals(supervisor);
        return supervisor;
    }
    close_handles(supervisor);
    (void)!supervisor_free(supervisor);
    return NULL;
}

void supervisor_run(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->listener_count; i++)
        log_message(REASON_INFO, "listening on %s", supervisor->listeners[i].socket.name);
    want_all(supervisor, WATCH_READ);
    uv_run(&supervisor->loop, UV_RUN_DEFAULT);
}

bool supervisor_free(struct supervisor *supervisor)
{
    bool at_rest = loop_finish(&supervisor->loop);
    for (size_t i = 0; i < supervisor->worker_count; i++)
        at_rest = worker_free(&supervisor->workers[i]) && at_rest;
    if (!at_rest)
        return false;
    mailbox_free(&supervisor->mailbox);
    gate_release(supervisor->gate);
    config_release(supervisor->config);
    free(supervisor->listeners);
    free(supervisor->workers);
    free(supervisor);
    return true;
}
