#include "run/supervisor/supervisor_end.h"

#include "base/log/log.h"
#include "net/connect/resolve.h"

struct control_verdict supervisor_end_verdict(const struct supervisor *supervisor)
{
    static const struct control_verdict moved = {CONTROL_MOVED,
                                                 "another process has taken over: ask that one"},
                                        ends = {CONTROL_FAILED,
                                                "nothing has changed: the process is ending"};
    return supervisor->handed_over ? moved : ends;
}

/* No change begins from now on. */
static void answer_waiters(struct supervisor *supervisor)
{
    const struct control_verdict verdict = supervisor_end_verdict(supervisor);
    change_waiters_answer_all(&supervisor->waiters, verdict.outcome, verdict.text);
}

/* Beyond drain_timeout: predecessors may have recordings to write. */
#define PREDECESSORS_GRACE_MS 5000

static void enter(struct supervisor *supervisor, enum process_event event)
{
    supervisor->state = process_state_next(supervisor->state, event);
}

void supervisor_end_probing(struct supervisor *supervisor)
{
    prober_close(supervisor->prober);
    supervisor->prober = NULL;
}

void supervisor_end_close(struct supervisor *supervisor)
{
    enter(supervisor, PROCESS_CLOSE);
    predecessors_close(supervisor->predecessors);
    signals_close(&supervisor->signals);
    listeners_free(&supervisor->listeners);
    supervisor_end_probing(supervisor);
    resolve_close(supervisor->resolver);
    workers_stop(&supervisor->workers);
    watch_set_close(&supervisor->watches);
    mailbox_close(&supervisor->mailbox);
    command_close(supervisor->command);
    exit_timer_close(&supervisor->exit_timer);
    uv_close((uv_handle_t *)&supervisor->drain_timer, NULL);
    uv_close((uv_handle_t *)&supervisor->tick_timer, NULL);
    uv_close((uv_handle_t *)&supervisor->watchdog_timer, NULL);
    uv_stop(&supervisor->loop);
}

/* Nothing is left to wait for: clients of the admin socket are sent away. */
static void clear_workers(struct supervisor *supervisor)
{
    supervisor->wait_until = 0;
    uv_timer_stop(&supervisor->drain_timer);
    predecessors_close(supervisor->predecessors);
    listeners_close(&supervisor->listeners, false);
    workers_clear(&supervisor->workers);
}

static void wait_timer_cb(uv_timer_t *timer)
{
    struct supervisor *supervisor = WSL_CONTAINER(timer, struct supervisor, drain_timer);
    log_message(REASON_WARN, "%zu processes from before upgrades have not ended; this one does",
                predecessors_count(supervisor->predecessors));
    clear_workers(supervisor);
}

/*
 * This process has no session any more. If it was told to end, its predecessors were, too: it shows
 * them until they have ended, and a service manager sees the whole service end.
 */
static void finish(struct supervisor *supervisor)
{
    uint64_t now = uv_now(&supervisor->loop);
    if (supervisor->wait_until > now && predecessors_count(supervisor->predecessors) > 0)
        uv_timer_start(&supervisor->drain_timer, wait_timer_cb, supervisor->wait_until - now, 0);
    else
        clear_workers(supervisor);
}

/* All else has ended: finish has been called. */
static bool waits_for_predecessors(const struct supervisor *supervisor)
{
    return supervisor->state == PROCESS_STOPPING &&
           uv_is_active((const uv_handle_t *)&supervisor->drain_timer);
}

void supervisor_end_emptied_cb(void *owner)
{
    struct supervisor *supervisor = owner;
    if (waits_for_predecessors(supervisor))
        clear_workers(supervisor);
}

void supervisor_end_worker_cb(void *owner, void *argument)
{
    struct supervisor *supervisor = owner;
    (void)argument;
    if (!workers_note_empty(&supervisor->workers))
        return;
    enter(supervisor, PROCESS_EMPTY);
    uv_timer_stop(&supervisor->drain_timer);
    if (!command_stop(supervisor->command))
        finish(supervisor);
}

void supervisor_end_cleared_cb(void *owner, void *argument)
{
    struct supervisor *supervisor = owner;
    (void)argument;
    if (!workers_note_cleared(&supervisor->workers))
        return;
    workers_log_sums(&supervisor->workers);
    supervisor_end_close(supervisor);
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

/* A process that ends hands nothing over: the new process ends, too. */
static void cancel_upgrade(struct supervisor *supervisor)
{
    if (!supervisor->upgrade)
        return;
    upgrade_cancel(supervisor->upgrade);
    links_withdraw(&supervisor->links);
    supervisor->upgrade = NULL;
    change_queue_give_up(&supervisor->changes);
}

static void drain(struct supervisor *supervisor, const char *why)
{
    const struct config_limits *limits = &supervisor->site->config->limits;
    enter(supervisor, PROCESS_DRAIN);
    cancel_upgrade(supervisor);
    answer_waiters(supervisor);
    command_disable_restart(supervisor->command);
    log_message(REASON_INFO, "%s: no new clients, waiting for sessions to end", why);
    notify_stopping(&supervisor->notify, limits->drain_timeout_ms +
                                             (supervisor->command ? COMMAND_GRACE_MS : 0) +
                                             PREDECESSORS_GRACE_MS);
    atomic_store(&supervisor->process.draining, true);
    atomic_store(&supervisor->process.retiring, false);
    exit_timer_stop(&supervisor->exit_timer);
    listeners_close_clients(&supervisor->listeners);
    workers_drain(&supervisor->workers, spread_of(limits));
    predecessors_tell(supervisor->predecessors, LINK_MESSAGE_DRAIN);
    supervisor->wait_until =
        uv_now(&supervisor->loop) + limits->drain_timeout_ms + PREDECESSORS_GRACE_MS;
    uv_timer_start(&supervisor->drain_timer, drain_timer_cb, limits->drain_timeout_ms, 0);
}

static void delay_timer_cb(uv_timer_t *timer)
{
    drain(WSL_CONTAINER(timer, struct supervisor, drain_timer), "drain_delay has passed");
}

/* Readiness probes fail from now on; load balancers that have not noticed yet may send clients. */
static void delay_drain(struct supervisor *supervisor, const char *why)
{
    const struct config_limits *limits = &supervisor->site->config->limits;
    if (limits->drain_delay_ms == 0) {
        drain(supervisor, why);
        return;
    }
    enter(supervisor, PROCESS_DELAY_DRAIN);
    cancel_upgrade(supervisor);
    answer_waiters(supervisor);
    log_message(REASON_INFO, "%s: not ready, new clients are accepted for another %.1f s", why,
                limits->drain_delay_ms / 1000.0);
    notify_stopping(&supervisor->notify, limits->drain_delay_ms + limits->drain_timeout_ms);
    atomic_store(&supervisor->process.draining, true);
    uv_timer_start(&supervisor->drain_timer, delay_timer_cb, limits->drain_delay_ms, 0);
}

void supervisor_end_command_cb(void *owner, int status)
{
    struct supervisor *supervisor = owner;
    if (supervisor->state == PROCESS_STOPPING)
        finish(supervisor);
    if (supervisor->state != PROCESS_SERVING && supervisor->state != PROCESS_UNREADY)
        return;
    supervisor->exit_status = status;
    drain(supervisor, "the command has ended");
}

void supervisor_end_retire(struct supervisor *supervisor, bool handed_over)
{
    enter(supervisor, PROCESS_RETIRE);
    supervisor->handed_over = handed_over;
    atomic_store(&supervisor->process.retiring, true);
    answer_waiters(supervisor);
    supervisor_end_probing(supervisor);
    atomic_store(&supervisor->process.draining, true);
    exit_timer_stop(&supervisor->exit_timer);
    if (handed_over) {
        predecessors_close(supervisor->predecessors); /* the successor has links of its own */
        listeners_close(&supervisor->listeners, true);
    } else {
        listeners_close_clients(&supervisor->listeners);
    }
    workers_retire(&supervisor->workers);
}

void supervisor_end_rule_cb(void *owner, const char *why)
{
    struct supervisor *supervisor = owner;
    if (supervisor->state != PROCESS_SERVING)
        return;
    cancel_upgrade(supervisor);
    log_message(REASON_INFO, "%s: no new clients, the process ends with its last session", why);
    notify_send(&supervisor->notify, "STATUS=ending with the last session");
    supervisor_end_retire(supervisor, false);
}

/* However often it is asked for, predecessors get their grace once. */
static void end_at_once(struct supervisor *supervisor)
{
    uint64_t now = uv_now(&supervisor->loop);
    predecessors_tell(supervisor->predecessors, LINK_MESSAGE_END);
    if (supervisor->wait_until > now + PREDECESSORS_GRACE_MS)
        supervisor->wait_until = now + PREDECESSORS_GRACE_MS;
    if (supervisor->state == PROCESS_DRAINING)
        workers_kill(&supervisor->workers);
    else if (waits_for_predecessors(supervisor))
        finish(supervisor);
    command_kill(supervisor->command);
}

void supervisor_end_signal(struct supervisor *supervisor, int number)
{
    const char *why = number == SIGINT ? "SIGINT" : "SIGTERM";
    bool told = supervisor->told_to_end;
    supervisor->told_to_end = true;
    if (supervisor->state == PROCESS_SERVING) {
        delay_drain(supervisor, why);
        return;
    }
    if (supervisor->state == PROCESS_RETIRING) {
        drain(supervisor, why);
        return;
    }
    if (supervisor->state == PROCESS_UNREADY)
        drain(supervisor, why);
    log_message(REASON_WARN, "%s%s: ending at once", why, told ? " again" : "");
    end_at_once(supervisor);
}

void supervisor_end_by_successor(struct supervisor *supervisor, bool at_once)
{
    if (supervisor->state == PROCESS_RETIRING)
        drain(supervisor, "the process that has taken over ends");
    if (at_once)
        end_at_once(supervisor);
}
