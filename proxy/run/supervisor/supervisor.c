#include "run/supervisor/supervisor.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/log/log.h"
#include "core/access/limiter.h"
#include "net/connect/lookup.h"
#include "net/connect/resolve.h"
#include "net/loop/pieces.h"
#include "run/memory/resident.h"
#include "run/process/loop.h"
#include "run/process/pid_file.h"
#include "run/process/process_setup.h"
#include "run/process/system_limits.h"
#include "run/supervisor/logging.h"
#include "run/supervisor/supervisor_change.h"
#include "run/supervisor/supervisor_end.h"
#include "run/supervisor/supervisor_sandbox.h"
#include "serve/auth/users/auth_shared.h"
#include "serve/site/site_resources.h"
#include "serve/status/status.h"

/*
 * Every tick compares the certificates' files and their expiry, tells systemd a status and adds to
 * the history.
 */
#define TICK_MS HISTORY_STEP_MS

static void start_exit_timer(struct supervisor *supervisor)
{
    const struct config_exit *config = &supervisor->options.config->exit;
    supervisor->exit_timer.listeners = &supervisor->listeners;
    supervisor->exit_timer.limits = supervisor->shared.limits;
    supervisor->exit_timer.callback = supervisor_end_rule_cb;
    supervisor->exit_timer.owner = supervisor;
    if (config->once)
        limits_allow_one_session(supervisor->shared.limits);
    exit_timer_start(&supervisor->exit_timer, config);
}

/* ---- signals and timers ---- */

static void signal_cb(void *owner, int number)
{
    struct supervisor *supervisor = owner;
    switch (number) {
    case SIGHUP:
        supervisor_change_request(supervisor, CHANGE_CONFIG);
        return;
    case SIGUSR1:
        log_reopen();
        return;
    case SIGUSR2:
        supervisor_change_request(supervisor, CHANGE_UPGRADE);
        return;
    default:
        supervisor_end_signal(supervisor, number);
    }
}

static void tick(struct supervisor *supervisor)
{
    char status[64];
    uint64_t open;
    process_facts_note_history(&supervisor->process, uv_now(&supervisor->loop));
    predecessors_refresh(supervisor->predecessors);
    if (supervisor->state != PROCESS_SERVING)
        return;
    (void)workers_choose(&supervisor->workers, &open);
    snprintf(status, sizeof(status), "STATUS=serving, %llu connections", (unsigned long long)open);
    notify_send(&supervisor->notify, status);
    logging_certificates(supervisor->site, NULL);
    if (change_queue_is_idle(&supervisor->changes) &&
        site_resources_files_changed(supervisor->site->resources))
        supervisor_change_request(supervisor, CHANGE_CERTIFICATES);
}

static void tick_cb(uv_timer_t *timer)
{
    struct supervisor *supervisor = WSL_CONTAINER(timer, struct supervisor, tick_timer);
    PIECES_RUN("tick", tick, tick(supervisor));
}

static void watchdog_cb(uv_timer_t *timer)
{
    struct supervisor *supervisor = WSL_CONTAINER(timer, struct supervisor, watchdog_timer);
    notify_send(&supervisor->notify, "WATCHDOG=1");
}

/* ---- start ---- */

static bool open_loop(struct supervisor *supervisor)
{
    if (uv_loop_init(&supervisor->loop) != 0 ||
        !watch_set_open(&supervisor->watches, &supervisor->loop) ||
        !signals_open(&supervisor->signals, &supervisor->watches, signal_cb, supervisor) ||
        !mailbox_open(&supervisor->mailbox, &supervisor->loop, supervisor))
        return false;
    supervisor->lane =
        (struct work_lane){&supervisor->work, &supervisor->loop, &supervisor->mailbox};
    if (!work_pool_open(&supervisor->work) ||
        !reaper_open(&supervisor->reaper, &supervisor->lane) ||
        !(supervisor->lookups = lookup_table_create()))
        return false;
    supervisor->resolver = resolve_create(&supervisor->lane, supervisor->lookups);
    if (!supervisor->resolver)
        return false;
    exit_timer_init(&supervisor->exit_timer, &supervisor->loop);
    uv_timer_init(&supervisor->loop, &supervisor->drain_timer);
    uv_timer_init(&supervisor->loop, &supervisor->tick_timer);
    uv_timer_init(&supervisor->loop, &supervisor->watchdog_timer);
    listeners_init(&supervisor->listeners, &supervisor->watches, &supervisor->workers,
                   &supervisor->process);
    return true;
}

/* What reloads and upgrades need, and the links to processes from before an upgrade. */
static bool open_changes(struct supervisor *supervisor)
{
    supervisor->control = (struct control){&supervisor->mailbox, supervisor_change_control_cb};
    change_waiters_init(&supervisor->waiters);
    supervisor->links.own = -1;
    supervisor->predecessors =
        predecessors_create(&supervisor->watches, &supervisor->mailbox, &supervisor->process,
                            supervisor_end_emptied_cb, supervisor);
    if (!supervisor->predecessors)
        return false;
    links_inherit(supervisor->predecessors, inherit_is_successor());
    supervisor->shared.host.links = predecessors_count(supervisor->predecessors);
    return true;
}

/* Everything that outlives a configuration. */
static bool open_shared(struct supervisor *supervisor, const struct config *config)
{
    struct site_shared *shared = &supervisor->shared;
    if (!workers_create(&supervisor->workers, config->workers))
        return false;
    unsigned workers = (unsigned)supervisor->workers.count;
    shared->limits = limits_create(LIMITER_CAPACITY);
    shared->route_stats = route_stats_set_create(workers);
    shared->auth = auth_shared_create();
    shared->reaper = &supervisor->reaper;
    if (!shared->limits || !shared->route_stats || !shared->auth ||
        !verdict_init(&supervisor->reload_verdict) || !verdict_init(&supervisor->upgrade_verdict))
        return false;
    shared->host = (struct descriptors_host){.limit = system_limits_descriptors(),
                                             .workers = workers,
                                             .pool_threads = process_setup_pool_threads()};
    process_facts_init(&supervisor->process, supervisor->workers.metrics, workers,
                       shared->route_stats, (int64_t)time(NULL));
    supervisor->process.history = &supervisor->history;
    supervisor->process.reload = &supervisor->reload_verdict;
    supervisor->process.upgrade = &supervisor->upgrade_verdict;
    if (!open_changes(supervisor))
        return false;
    if (!process_facts_make_token(&supervisor->process))
        return false;
    supervisor->worker_shared = (struct worker_shared){
        .supervisor = &supervisor->mailbox,
        .empty = supervisor_end_worker_cb,
        .cleared = supervisor_end_cleared_cb,
        .process = &supervisor->process,
        .control = &supervisor->control,
        .predecessors = supervisor->predecessors,
        .generation = links_generation(inherit_is_successor()),
        .workers = supervisor->workers.envs,
        .limits = shared->limits,
        .attempts = descriptors_attempts(&shared->host),
        .ducts = descriptors_ducts(&shared->host),
        .work = &supervisor->work,
        .lookups = supervisor->lookups,
    };
    return true;
}

static void close_shared(struct supervisor *supervisor)
{
    verdict_free(&supervisor->reload_verdict);
    verdict_free(&supervisor->upgrade_verdict);
    route_stats_set_free(supervisor->shared.route_stats);
    limits_destroy(supervisor->shared.limits);
    auth_shared_destroy(supervisor->shared.auth);
}

/* A successor writes its pid when it serves; until then the file names its predecessor. */
static bool write_pid(struct supervisor *supervisor, char *error, size_t error_size)
{
    const struct config *config = supervisor->options.config;
    return !config->pid_file ||
           pid_file_write(config->pid_file, config->user, &supervisor->pid_lock, error, error_size);
}

static void remove_pid(struct supervisor *supervisor)
{
    if (supervisor->options.config->pid_file)
        pid_file_remove(supervisor->options.config->pid_file, &supervisor->pid_lock);
}

/* Called without privileges: the thread never has any. From here on no loop waits for the log. */
static bool start_log(char *error, size_t error_size)
{
    snprintf(error, error_size, "cannot start the thread of the log: out of memory");
    return log_start();
}

/* Binds sockets and reads keys, then drops the privileges that this may take, and other rights. */
static bool open_listeners(struct supervisor *supervisor, const struct config *config, char *error,
                           size_t error_size)
{
    struct inherit inherit;
    inherit_open(&inherit);
    if (supervisor_sandbox_prepare(supervisor, error, error_size))
        supervisor->site = site_create(config, &supervisor->shared, NULL, error, error_size);
    /* Only now: reading a file may block for ever, as on a FIFO, and SIGTERM has to end that. */
    signals_hold();
    supervisor->predecessor_fd = inherit.ready_fd;
    bool open =
        supervisor->site &&
        listeners_change(&supervisor->listeners, supervisor->site, &inherit, error, error_size) &&
        (supervisor->predecessor_fd >= 0 || write_pid(supervisor, error, error_size)) &&
        supervisor_sandbox_enter(supervisor, error, error_size) && start_log(error, error_size);
    size_t unclaimed = inherit_close(&inherit);
    if (open && unclaimed > 0)
        log_message(REASON_WARN, "%zu inherited sockets fit no listener and were closed",
                    unclaimed);
    return open;
}

static bool create_command(struct supervisor *supervisor, char *error, size_t error_size)
{
    const struct supervisor_options *options = &supervisor->options;
    const struct command_request request = {
        .loop = &supervisor->loop,
        .command = &options->config->command,
        .rebind = options->rebind,
        .program = options->program,
        .silent = options->daemon,
        .ended = supervisor_end_command_cb,
        .owner = supervisor,
        .is_over = &supervisor->process.command_ended,
        .starter = &supervisor->starter,
        .starter_job = SUPERVISOR_STARTS_COMMAND,
    };
    if (options->config->command.words.count > 0)
        supervisor->command = command_create(&request, error, error_size);
    return options->config->command.words.count == 0 || supervisor->command;
}

struct supervisor *supervisor_create(const struct supervisor_options *options, char *error,
                                     size_t error_size)
{
    struct supervisor *supervisor = calloc(1, sizeof(*supervisor));
    if (!supervisor || !open_loop(supervisor) || !open_shared(supervisor, options->config)) {
        /* The process ends next, and closes what is open. */
        snprintf(error, error_size, "cannot start: out of memory or descriptors");
        free(supervisor);
        return NULL;
    }
    supervisor->options = *options;
    supervisor->predecessor_fd = -1;
    supervisor->pid_lock = -1;
    supervisor->starter.fd = -1;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a log or a recording too large for its limit is an error there */
    notify_open(&supervisor->notify);
    if (create_command(supervisor, error, error_size) &&
        open_listeners(supervisor, options->config, error, error_size) &&
        workers_start(&supervisor->workers, &supervisor->loop, &supervisor->worker_shared, error,
                      error_size) &&
        (!supervisor->command || command_start(supervisor->command, error, error_size)))
        return supervisor;
    remove_pid(supervisor);
    supervisor_end_close(supervisor);
    (void)!supervisor_free(supervisor);
    return NULL;
}

static void announce(struct supervisor *supervisor)
{
    atomic_store(&supervisor->process.listening, true);
    if (!supervisor->options.announced)
        logging_started(supervisor->site);
    if (supervisor->options.demo)
        logging_demo(supervisor->site);
    supervisor_sandbox_log(supervisor);
    notify_send(&supervisor->notify, "READY=1\nSTATUS=serving");
    if (supervisor->predecessor_fd < 0)
        return;
    char error[SUPERVISOR_ERROR_MAX];
    if (!write_pid(supervisor, error, sizeof(error)))
        log_message(REASON_WARN, "%s", error);
    static const char ready[] = "1 " WSLUICE_VERSION "\n"; /* upgrade.h */
    (void)!write(supervisor->predecessor_fd, ready, sizeof(ready) - 1);
    close(supervisor->predecessor_fd);
}

int supervisor_run(struct supervisor *supervisor)
{
    uint64_t watchdog = supervisor->notify.watchdog_ms;
    process_facts_note_history(&supervisor->process, uv_now(&supervisor->loop));
    uv_timer_start(&supervisor->tick_timer, tick_cb, TICK_MS, TICK_MS);
    if (watchdog > 0)
        uv_timer_start(&supervisor->watchdog_timer, watchdog_cb, watchdog, watchdog);
    supervisor->state = process_state_next(supervisor->state, PROCESS_START);
    start_exit_timer(supervisor);
    listeners_accept(&supervisor->listeners);
    supervisor_change_probe(supervisor);
    logging_certificates(supervisor->site, NULL);
    announce(supervisor);
    resident_release_code();
    uv_run(&supervisor->loop, UV_RUN_DEFAULT);
    remove_pid(supervisor);
    return supervisor->exit_status;
}

bool supervisor_free(struct supervisor *supervisor)
{
    bool at_rest = loop_finish(&supervisor->loop);
    at_rest = workers_free(&supervisor->workers) && at_rest;
    if (!at_rest)
        return false;
    supervisor_sandbox_close(supervisor);
    notify_close(&supervisor->notify);
    site_release(supervisor->site);
    reaper_close(&supervisor->reaper);
    mailbox_free(&supervisor->mailbox);
    lookup_table_free(supervisor->lookups);
    work_pool_close(&supervisor->work);
    close_shared(supervisor);
    predecessors_free(supervisor->predecessors);
    free(supervisor);
    return true;
}
