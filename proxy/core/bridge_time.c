#include "core/bridge_time.h"

#include "core/bridge_priv.h"

/* When the client is gone, the target hears of it within a second, even if it takes no bytes. */
#define CLIENT_GONE_MS 1000

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static uint64_t tick_ping(struct bridge *bridge, const struct bridge_times *times, uint64_t now)
{
    if (times->ping_interval == 0)
        return 0;
    /*
     * While the target blocks, the client is not listened to: its silence says nothing. While the
     * client blocks, a ping would not reach it: a stalled reader is for the kernel to judge.
     */
    if (bridge_held_back(bridge)) {
        bridge->received_at = now;
        bridge->pinged_at = 0;
    }
    /* The answer may come at any time, and then the next ping be due before this one's timeout. */
    uint64_t next_ping = now + times->ping_interval;
    if (bridge->pinged_at != 0) {
        if (now - bridge->pinged_at < times->ping_timeout)
            return sooner(bridge->pinged_at + times->ping_timeout, next_ping);
        bridge_end(bridge, REASON_client_dead, now);
        return 0;
    }
    if (now - bridge->received_at < times->ping_interval)
        return bridge->received_at + times->ping_interval;
    bridge->slot_length = (uint8_t)ws_frame_control(bridge->slot, WS_OP_PING, bridge->slot, 0);
    bridge->pinged_at = bridge->ping_out_at = now;
    return sooner(now + times->ping_timeout, next_ping);
}

static uint64_t tick_limit(struct bridge *bridge, uint64_t since, uint32_t limit,
                           enum reason reason, uint64_t now)
{
    if (limit == 0)
        return 0;
    if (now - since < limit)
        return since + limit;
    bridge_end(bridge, reason, now);
    return 0;
}

static uint64_t tick_open(struct bridge *bridge, const struct bridge_times *times, uint64_t now)
{
    uint64_t next = tick_ping(bridge, times, now);
    next = sooner(
        next, tick_limit(bridge, bridge->moved_at, times->idle_timeout, REASON_idle_timeout, now));
    next = sooner(next, tick_limit(bridge, bridge->opened_at, times->max_duration,
                                   REASON_duration_limit, now));
    bridge_settle(bridge, now);
    return next;
}

static uint64_t ending_deadline(const struct bridge *bridge, const struct bridge_times *times)
{
    bool client_gone = bridge->down.state == PIPE_BROKEN;
    uint32_t patience = times->close_timeout;
    if (client_gone && patience > CLIENT_GONE_MS)
        patience = CLIENT_GONE_MS;
    uint64_t deadline = bridge->progress_at + patience;
    if (bridge->down.state == PIPE_FLOWING && times->max_duration != 0 &&
        deadline > bridge->opened_at + times->max_duration)
        deadline = bridge->opened_at + times->max_duration;
    return deadline;
}

/* True when that gave a sink something that it does not take at once. */
static bool cut_what_flows(struct bridge *bridge, uint64_t now)
{
    bool up_blocked = bridge->up.blocked, down_blocked = bridge->down.blocked;
    bridge_finish_up(bridge);
    bridge_finish_down(bridge);
    bridge_settle(bridge, now);
    return (bridge->up.blocked && !up_blocked) || (bridge->down.blocked && !down_blocked);
}

/* The deadline of the close handshake: directions that still flow are cut, then all is. */
static uint64_t tick_ending(struct bridge *bridge, uint64_t unsent,
                            const struct bridge_times *times, uint64_t now)
{
    if (unsent < bridge->unsent && bridge->unsent != BRIDGE_UNSENT_UNKNOWN)
        bridge_note_progress(bridge, &bridge->down, now);
    bridge->unsent = unsent;
    uint64_t deadline = ending_deadline(bridge, times);
    if (now < deadline)
        return deadline;

    bool flows = bridge->up.state == PIPE_FLOWING || bridge->down.state == PIPE_FLOWING;
    if (flows && cut_what_flows(bridge, now)) {
        bridge->progress_at = now;
        return ending_deadline(bridge, times);
    }
    /* What broke says more than what did not move because of it. */
    if (bridge->up.state != PIPE_BROKEN && bridge->down.state != PIPE_BROKEN) {
        if (bridge->down.blocked || unsent > 0)
            bridge->reason = REASON_client_stalled;
        else if (bridge->up.blocked)
            bridge->reason = REASON_target_stalled;
    }
    bridge->client_in_done = bridge->target_in_done = true;
    bridge_break(bridge, &bridge->up, now);
    bridge_break(bridge, &bridge->down, now);
    return 0;
}

uint64_t bridge_time_tick(struct bridge *bridge, uint64_t unsent, const struct bridge_times *times,
                          uint64_t now)
{
    if (bridge_done(bridge))
        return 0;
    if (bridge->reason != REASON_none)
        return tick_ending(bridge, unsent, times, now);
    uint64_t next = tick_open(bridge, times, now);
    /* An end that has just begun: what is unsent was not asked for yet. */
    return bridge->reason == REASON_none ? next : now;
}
