#include "run/supervisor/supervisor.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "base/log/log.h"
#include "run/command/command.h"
#include "run/listeners/listeners.h"
#include "run/process/loop.h"
#include "run/process/notify.h"
#include "run/process/pid_file.h"
#include "run/process/privilege.h"
#include "run/process/signals.h"
#include "run/process/system_limits.h"
#include "run/supervisor/exit_watch.h"
#include "run/supervisor/logging.h"
#include "run/supervisor/reload.h"
#include "run/supervisor/upgrade.h"
#include "run/workers/workers.h"
#include "serve/status/status.h"
#include "serve/target/prober.h"

#define ERROR_MAX 512
/* Certificates' files are looked at, systemd hears a status, the history has a point. */
#define BEAT_MS HISTORY_STEP_MS

#define BEATS_PER_DAY (24 * 3600 * 1000 / BEAT_MS)

struct supervisor {
    struct supervisor_options options;
    uv_loop_t loop;
    struct watch_set watches;
    struct resolver *names; /* the prober's */
    struct prober *prober;
    struct mailbox mailbox;
    struct work_pool work;
    struct work_lane lane;
    struct lookup_table *lookups;
    struct signals signals;
    uv_timer_t drain_timer, beat_timer, watchdog_timer;
    struct notify notify;
    struct site_shared shared;
    struct ops_process ops;
    struct history history;
    struct worker_terms terms;
    struct workers workers;
    struct listeners listeners;
    struct exit_watch exit_watch;
    struct site *site;
    struct reload *reload;           /* while one is under way */
    struct upgrade *upgrade;         /* likewise */
    struct command *wrapped;         /* the command; NULL: none */
    int status;                      /* to exit with: the command's, where its end is ours */
    int predecessor;                 /* whoever waits for us to serve; -1: nobody */
    bool certificates_only;          /* what the reload is about */
    bool file_refused;               /* the file, as it was last read, is not what is in use */
    bool reload_again, upgrade_next; /* asked for while another was under way */
    uint64_t beats;
    /* leaving: not ready, but open; retiring: somebody else serves; stopping: only the command is
     * left */
    enum { SERVING, LEAVING, RETIRING, DRAINING, STOPPING } phase;
};

/* ---- probes ---- */

static void stop_probing(struct supervisor *supervisor)
{
    prober_close(supervisor->prober);
    supervisor->prober = NULL;
}

static void begin_probing(struct supervisor *supervisor)
{
    stop_probing(supervisor);
    supervisor->prober =
        prober_create(&supervisor->watches, supervisor->names, supervisor->site->resources->pool);
    if (!supervisor->prober)
        log_message(REASON_ERROR, "targets are not probed: out of memory");
}

/* ---- the end ---- */

static void close_handles(struct supervisor *supervisor)
{
    signals_close(&supervisor->signals);
    listeners_free(&supervisor->listeners);
    stop_probing(supervisor);
    resolve_close(supervisor->names);
    workers_stop(&supervisor->workers);
    watch_set_close(&supervisor->watches);
    mailbox_close(&supervisor->mailbox);
    command_close(supervisor->wrapped);
    exit_watch_close(&supervisor->exit_watch);
    uv_close((uv_handle_t *)&supervisor->drain_timer, NULL);
    uv_close((uv_handle_t *)&supervisor->beat_timer, NULL);
    uv_close((uv_handle_t *)&supervisor->watchdog_timer, NULL);
    uv_stop(&supervisor->loop);
}

static void worker_empty(void *owner, void *argument)
{
    struct supervisor *supervisor = owner;
    (void)argument;
    if (!workers_note_empty(&supervisor->workers))
        return;
    workers_log_sums(&supervisor->workers);
    supervisor->phase = STOPPING;
    uv_timer_stop(&supervisor->drain_timer);
    if (!command_stop(supervisor->wrapped))
        close_handles(supervisor);
}

static void drain_timer_cb(uv_timer_t *timer)
{
    struct supervisor *supervisor = WSL_CONTAINER(timer, struct supervisor, drain_timer);
    log_message(REASON_WARN, "%s: ending the remaining sessions", reason_row(REASON_drained)->text);
    workers_kill(&supervisor->workers);
}

static uint64_t spread_of(const struct config_limits *limits)
{
    uint64_t most = limits->drain_timeout_ms > limits->close_timeout_ms
                        ? limits->drain_timeout_ms - limits->close_timeout_ms
                        : 0;
    return limits->drain_spread_ms < most ? limits->drain_spread_ms : most;
}

/* Whoever was to take over is to end with us. */
static void cancel_upgrade(struct supervisor *supervisor)
{
    upgrade_cancel(supervisor->upgrade);
    supervisor->upgrade = NULL;
}

static void drain(struct supervisor *supervisor, const char *why)
{
    const struct config_limits *limits = &supervisor->site->config->limits;
    supervisor->phase = DRAINING;
    cancel_upgrade(supervisor);
    command_settle(supervisor->wrapped);
    log_message(REASON_INFO, "%s: no new clients, waiting for sessions to end", why);
    notify_stopping(&supervisor->notify,
                    limits->drain_timeout_ms + (supervisor->wrapped ? WRAPPED_GRACE_MS : 0));
    atomic_store(&supervisor->ops.draining, true);
    listeners_close(&supervisor->listeners, false);
    workers_drain(&supervisor->workers, spread_of(limits));
    uv_timer_start(&supervisor->drain_timer, drain_timer_cb, limits->drain_timeout_ms, 0);
}

static void leave_timer_cb(uv_timer_t *timer)
{
    drain(WSL_CONTAINER(timer, struct supervisor, drain_timer), "load balancers had their time");
}

/* Whoever asks hears that we are going; clients whom that has not reached yet are served. */
static void leave(struct supervisor *supervisor, const char *why)
{
    const struct config_limits *limits = &supervisor->site->config->limits;
    if (limits->drain_delay_ms == 0) {
        drain(supervisor, why);
        return;
    }
    supervisor->phase = LEAVING;
    cancel_upgrade(supervisor);
    log_message(REASON_INFO, "%s: not ready any more, but clients are taken for another %.1f s",
                why, limits->drain_delay_ms / 1000.0);
    notify_stopping(&supervisor->notify, limits->drain_delay_ms + limits->drain_timeout_ms);
    atomic_store(&supervisor->ops.draining, true);
    uv_timer_start(&supervisor->drain_timer, leave_timer_cb, limits->drain_delay_ms, 0);
}

/* Its end is ours; or we have ended, and it was the last to go. */
static void command_ended(void *owner, int status)
{
    struct supervisor *supervisor = owner;
    if (supervisor->phase == STOPPING)
        close_handles(supervisor);
    if (supervisor->phase != SERVING && supervisor->phase != LEAVING)
        return;
    supervisor->status = status;
    drain(supervisor, "the command has ended");
}

/* No new clients here; those that are there end in their own time. */
static void retire(struct supervisor *supervisor, bool handed_over)
{
    supervisor->phase = RETIRING;
    stop_probing(supervisor);
    atomic_store(&supervisor->ops.draining, true);
    listeners_close(&supervisor->listeners, handed_over);
    workers_retire(&supervisor->workers);
}

static void over_cb(void *owner, const char *why)
{
    struct supervisor *supervisor = owner;
    if (supervisor->phase != SERVING)
        return;
    cancel_upgrade(supervisor);
    log_message(REASON_INFO, "%s: no new clients, the process ends with its last session", why);
    notify_say(&supervisor->notify, "STATUS=ending with the last session");
    retire(supervisor, false);
}

static void watch_the_end(struct supervisor *supervisor)
{
    const struct config_exit *config = &supervisor->options.config->exit;
    supervisor->exit_watch.listeners = &supervisor->listeners;
    supervisor->exit_watch.limits = supervisor->shared.limits;
    supervisor->exit_watch.over = over_cb;
    supervisor->exit_watch.owner = supervisor;
    if (config->once)
        limits_only_one(supervisor->shared.limits);
    exit_watch_start(&supervisor->exit_watch, config);
}

/* ---- changes of the configuration ---- */

static void begin_next(struct supervisor *supervisor);

static bool take_over(struct supervisor *supervisor, struct site *site, char *error)
{
    if (!listeners_change(&supervisor->listeners, site, NULL, error, ERROR_MAX))
        return false;
    struct site *before = supervisor->site;
    supervisor->site = site_retain(site);
    site_supersede(before);
    begin_probing(supervisor);
    logging_restarts(before->config, site->config);
    logging_certificates(site);
    /* With certificates_only nothing was read of the file. */
    if (!supervisor->certificates_only && !logging_open(site->config, error, ERROR_MAX))
        log_message(REASON_ERROR, "the log stays as it was: %s", error);
    site_release(before);
    return true;
}

static void note_reload(struct supervisor *supervisor, bool done)
{
    if (!supervisor->certificates_only)
        supervisor->file_refused = !done;
    else if (done && supervisor->file_refused)
        return; /* new certificates make no good file of a bad one */
    ops_note_reload(&supervisor->ops, done, (int64_t)time(NULL));
}

static void reload_cb(void *owner, struct site *site, const char *failure)
{
    struct supervisor *supervisor = owner;
    char error[ERROR_MAX] = "out of memory";
    supervisor->reload = NULL;
    if (supervisor->phase != SERVING)
        return;
    bool done = site && take_over(supervisor, site, error);
    note_reload(supervisor, done);
    if (done)
        log_message(REASON_INFO, "%s",
                    supervisor->certificates_only
                        ? "the certificates were read again and are in use"
                        : "the configuration was read again and is in use");
    else
        log_message(REASON_ERROR, "the configuration stays as it was: %s", site ? error : failure);
    notify_say(&supervisor->notify, done ? "READY=1\nSTATUS=serving"
                                         : "READY=1\nSTATUS=serving; the last reload failed");
    begin_next(supervisor);
}

static void begin_reload(struct supervisor *supervisor, bool certificates_only)
{
    struct reload_request request = {
        .lane = &supervisor->lane,
        .current = supervisor->site,
        .shared = &supervisor->shared,
        .load = certificates_only ? NULL : supervisor->options.load,
        .load_owner = supervisor->options.owner,
        .callback = reload_cb,
        .owner = supervisor,
    };
    notify_reloading(&supervisor->notify);
    supervisor->certificates_only = certificates_only;
    supervisor->reload = reload_start(&request);
    if (supervisor->reload)
        return;
    log_message(REASON_ERROR, "the configuration stays as it was: out of memory");
    notify_say(&supervisor->notify, "READY=1");
    begin_next(supervisor);
}

/* ---- handing over ---- */

static void upgrade_done(void *owner, bool ready, pid_t child, int status)
{
    struct supervisor *supervisor = owner;
    supervisor->upgrade = NULL;
    if (!ready) {
        upgrade_log_failure(child, status);
        begin_next(supervisor);
        return;
    }
    log_message(REASON_INFO, "process %ld has taken over; sessions here end in their time",
                (long)child);
    /* Ours to say: systemd believes nobody but the process that it knows. */
    notify_main_pid(&supervisor->notify, (long)child);
    retire(supervisor, true);
}

static void begin_upgrade(struct supervisor *supervisor)
{
    char error[ERROR_MAX] = "the demo's echo service cannot be handed over";
    if (supervisor->wrapped)
        snprintf(error, sizeof(error), "the command cannot be handed over; restart instead");
    else if (!supervisor->options.demo)
        supervisor->upgrade = upgrade_start(supervisor->options.program, &supervisor->listeners,
                                            supervisor->site->config->limits.upgrade_timeout_ms,
                                            upgrade_done, supervisor, error, sizeof(error));
    if (supervisor->upgrade)
        log_message(REASON_INFO, "process %ld is to take over",
                    (long)upgrade_child(supervisor->upgrade));
    else
        log_message(REASON_ERROR, "no process takes over: %s", error);
}

/* One change at a time: a child must not get sockets that a reload is about to replace. */
static void begin_next(struct supervisor *supervisor)
{
    if (supervisor->reload || supervisor->upgrade || supervisor->phase != SERVING)
        return;
    if (supervisor->reload_again) {
        supervisor->reload_again = false;
        begin_reload(supervisor, false);
    } else if (supervisor->upgrade_next) {
        supervisor->upgrade_next = false;
        begin_upgrade(supervisor);
    }
}

/* ---- signals and time ---- */

static void end(struct supervisor *supervisor, int number)
{
    char why[32];
    snprintf(why, sizeof(why), "signal %d", number);
    if (supervisor->phase == SERVING) {
        leave(supervisor, why);
        return;
    }
    if (supervisor->phase == RETIRING) {
        drain(supervisor, why);
        return;
    }
    if (supervisor->phase == LEAVING)
        drain(supervisor, why);
    log_message(REASON_WARN, "signal %d again: ending at once", number);
    if (supervisor->phase == DRAINING)
        workers_kill(&supervisor->workers);
    command_kill(supervisor->wrapped);
}

static void signal_cb(void *owner, int number)
{
    struct supervisor *supervisor = owner;
    switch (number) {
    case SIGHUP:
        supervisor->reload_again = true;
        begin_next(supervisor);
        return;
    case SIGUSR1:
        log_reopen();
        return;
    case SIGUSR2:
        /* While one is under way a second would hand over what the first has taken. */
        supervisor->upgrade_next = !supervisor->upgrade;
        begin_next(supervisor);
        return;
    default:
        end(supervisor, number);
    }
}

static void beat_cb(uv_timer_t *timer)
{
    struct supervisor *supervisor = WSL_CONTAINER(timer, struct supervisor, beat_timer);
    char status[64];
    uint64_t open;
    status_note_history(&supervisor->ops, supervisor->ops.history, uv_now(&supervisor->loop));
    if (supervisor->phase != SERVING)
        return;
    (void)workers_choose(&supervisor->workers, &open);
    snprintf(status, sizeof(status), "STATUS=serving, %llu connections", (unsigned long long)open);
    notify_say(&supervisor->notify, status);
    if (++supervisor->beats % BEATS_PER_DAY == 0)
        logging_certificates(supervisor->site);
    if (!supervisor->reload && !supervisor->upgrade &&
        site_resources_files_changed(supervisor->site->resources))
        begin_reload(supervisor, true);
}

static void watchdog_cb(uv_timer_t *timer)
{
    struct supervisor *supervisor = WSL_CONTAINER(timer, struct supervisor, watchdog_timer);
    notify_say(&supervisor->notify, "WATCHDOG=1");
}

/* ---- the beginning ---- */

static bool open_loop(struct supervisor *supervisor)
{
    if (uv_loop_init(&supervisor->loop) != 0 ||
        !watch_set_open(&supervisor->watches, &supervisor->loop) ||
        !signals_open(&supervisor->signals, &supervisor->watches, signal_cb, supervisor) ||
        !mailbox_open(&supervisor->mailbox, &supervisor->loop, supervisor))
        return false;
    supervisor->lane =
        (struct work_lane){&supervisor->work, &supervisor->loop, &supervisor->mailbox};
    if (!work_pool_open(&supervisor->work) || !(supervisor->lookups = lookup_table_create()))
        return false;
    supervisor->names = resolve_create(&supervisor->lane, supervisor->lookups);
    if (!supervisor->names)
        return false;
    exit_watch_init(&supervisor->exit_watch, &supervisor->loop);
    uv_timer_init(&supervisor->loop, &supervisor->drain_timer);
    uv_timer_init(&supervisor->loop, &supervisor->beat_timer);
    uv_timer_init(&supervisor->loop, &supervisor->watchdog_timer);
    listeners_init(&supervisor->listeners, &supervisor->watches, &supervisor->workers,
                   &supervisor->ops);
    return true;
}

/* What outlives every configuration. */
static bool open_shared(struct supervisor *supervisor, const struct config *config)
{
    struct site_shared *shared = &supervisor->shared;
    if (!workers_create(&supervisor->workers, config->workers))
        return false;
    unsigned workers = (unsigned)supervisor->workers.count;
    shared->limits = limits_create(LIMITER_CAPACITY);
    shared->route_stats = route_stats_set_create(workers);
    if (!shared->limits || !shared->route_stats)
        return false;
    shared->host = (struct descriptors_host){system_limits_descriptors(), workers,
                                             system_limits_pool_threads()};
    ops_init(&supervisor->ops, supervisor->workers.metrics, workers, shared->route_stats,
             (int64_t)time(NULL));
    supervisor->ops.post = workers_post;
    supervisor->ops.post_owner = &supervisor->workers;
    supervisor->ops.history = &supervisor->history;
    if (!ops_token(&supervisor->ops))
        return false;
    supervisor->terms = (struct worker_terms){&supervisor->mailbox,
                                              worker_empty,
                                              &supervisor->ops,
                                              shared->limits,
                                              descriptors_attempts(&shared->host),
                                              &supervisor->work,
                                              supervisor->lookups};
    return true;
}

static void close_shared(struct supervisor *supervisor)
{
    route_stats_set_free(supervisor->shared.route_stats);
    limits_destroy(supervisor->shared.limits);
}

/* A successor names itself when it serves: until then the file is its predecessor's. */
static bool write_pid(const struct supervisor *supervisor, char *error, size_t error_size)
{
    const struct config *config = supervisor->options.config;
    return !config->pid_file || pid_file_write(config->pid_file, config->user, error, error_size);
}

static void remove_pid(const struct supervisor *supervisor)
{
    if (supervisor->options.config->pid_file)
        pid_file_remove(supervisor->options.config->pid_file);
}

/* Behind the drop of rights: the thread never has more. From here on no loop waits for the log. */
static bool start_log(char *error, size_t error_size)
{
    snprintf(error, error_size, "cannot start the thread of the log: out of memory");
    return log_start();
}

/* Sockets and keys first, with whatever rights we have; then without them. */
static bool open_doors(struct supervisor *supervisor, const struct config *config, char *error,
                       size_t error_size)
{
    struct inherit inherit;
    inherit_open(&inherit);
    supervisor->site = site_create(config, &supervisor->shared, NULL, error, error_size);
    signals_hold(); /* and no sooner: a file may be read for ever, as a FIFO is */
    supervisor->predecessor = inherit.ready_fd;
    bool open =
        supervisor->site &&
        listeners_change(&supervisor->listeners, supervisor->site, &inherit, error, error_size) &&
        (supervisor->predecessor >= 0 || write_pid(supervisor, error, error_size)) &&
        privilege_drop(config->user, config->group, error, error_size) &&
        start_log(error, error_size);
    size_t unclaimed = inherit_close(&inherit);
    if (open && unclaimed > 0)
        log_message(REASON_WARN, "%zu inherited sockets fit no listener and were closed",
                    unclaimed);
    return open;
}

/* Last of all, with what rights are left: whatever the command needs of us is there. */
static bool start_command(struct supervisor *supervisor, char *error, size_t error_size)
{
    const struct supervisor_options *options = &supervisor->options;
    const struct command_request request = {
        .loop = &supervisor->loop,
        .command = &options->config->command,
        .rebind = options->rebind,
        .program = options->program,
        .silent = options->daemon,
        .ended = command_ended,
        .owner = supervisor,
    };
    if (options->config->command.words.count > 0)
        supervisor->wrapped = command_start(&request, error, error_size);
    return options->config->command.words.count == 0 || supervisor->wrapped;
}

struct supervisor *supervisor_create(const struct supervisor_options *options, char *error,
                                     size_t error_size)
{
    struct supervisor *supervisor = calloc(1, sizeof(*supervisor));
    if (!supervisor || !open_loop(supervisor) || !open_shared(supervisor, options->config)) {
        /* What little was opened ends with the process. */
        snprintf(error, error_size, "cannot start: out of memory or descriptors");
        free(supervisor);
        return NULL;
    }
    supervisor->options = *options;
    supervisor->predecessor = -1;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a log or a recording too large for its limit is an error there */
    notify_open(&supervisor->notify);
    if (open_doors(supervisor, options->config, error, error_size) &&
        workers_start(&supervisor->workers, &supervisor->loop, &supervisor->terms, error,
                      error_size) &&
        start_command(supervisor, error, error_size))
        return supervisor;
    remove_pid(supervisor);
    close_handles(supervisor);
    (void)!supervisor_free(supervisor);
    return NULL;
}

static void say_ready(struct supervisor *supervisor)
{
    atomic_store(&supervisor->ops.listening, true);
    if (supervisor->options.demo)
        logging_demo(supervisor->site);
    notify_say(&supervisor->notify, "READY=1\nSTATUS=serving");
    if (supervisor->predecessor < 0)
        return;
    char error[ERROR_MAX];
    if (!write_pid(supervisor, error, sizeof(error)))
        log_message(REASON_WARN, "%s", error);
    (void)!write(supervisor->predecessor, "1", 1);
    close(supervisor->predecessor);
}

int supervisor_run(struct supervisor *supervisor)
{
    uint64_t watchdog = supervisor->notify.watchdog_ms;
    status_note_history(&supervisor->ops, supervisor->ops.history, uv_now(&supervisor->loop));
    uv_timer_start(&supervisor->beat_timer, beat_cb, BEAT_MS, BEAT_MS);
    if (watchdog > 0)
        uv_timer_start(&supervisor->watchdog_timer, watchdog_cb, watchdog, watchdog);
    watch_the_end(supervisor);
    listeners_accept(&supervisor->listeners);
    begin_probing(supervisor);
    logging_certificates(supervisor->site);
    say_ready(supervisor);
    uv_run(&supervisor->loop, UV_RUN_DEFAULT);
    remove_pid(supervisor);
    return supervisor->status;
}

bool supervisor_free(struct supervisor *supervisor)
{
    bool at_rest = loop_finish(&supervisor->loop);
    at_rest = workers_free(&supervisor->workers) && at_rest;
    if (!at_rest)
        return false;
    notify_close(&supervisor->notify);
    mailbox_free(&supervisor->mailbox);
    lookup_table_free(supervisor->lookups);
    work_pool_close(&supervisor->work);
    site_release(supervisor->site);
    close_shared(supervisor);
    free(supervisor);
    return true;
}
