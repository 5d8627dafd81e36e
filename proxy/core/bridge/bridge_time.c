#include "core/bridge/bridge_time.h"

#include "core/bridge/bridge_ending.h"
#include "core/bridge/pace.h"

/* After the client is gone, a target that takes no bytes is closed within a second. */
#define CLIENT_GONE_MS 1000

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static uint64_t tick_ping(struct bridge *bridge, const struct bridge_end *end,
                          const struct bridge_times *times, uint64_t now)
{
    struct bridge_frames *frames = bridge_frames_at(bridge, end);
    if (times->ping_interval == 0 || !frames)
        return 0;
    /*
     * While the other end blocks, this one is not read, so its silence means nothing. While this
     * one blocks, a ping would not reach it; tick_stall handles that.
     */
    if (bridge_is_held_back(bridge))
        bridge_frames_heard(frames, now);
    /* If the pong comes, the next ping may be due before this one's timeout. */
    uint64_t next_ping = now + times->ping_interval;
    if (frames->pinged_at != 0) {
        if (now - frames->pinged_at < times->ping_timeout)
            return earlier(frames->pinged_at + times->ping_timeout, next_ping);
        bridge_end(bridge, end == &bridge->client ? REASON_client_dead : REASON_target_dead, now);
        return 0;
    }
    if (now - frames->received_at < times->ping_interval)
        return frames->received_at + times->ping_interval;
    bridge_frames_ping(frames, now);
    return earlier(now + times->ping_timeout, next_ping);
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

/* ---- stalls ---- */

/* A stalled sink: like TCP_USER_TIMEOUT, but for every transport. */
static uint64_t tick_stall(struct bridge *bridge, struct pipe *pipe, uint64_t unsent,
                           uint32_t limit, uint64_t now)
{
    if (limit == 0)
        return 0;
    uint64_t next = pace_next_check(limit, now);
    if (!pipe->blocked || pace_has_moved(pipe, unsent, now))
        return next;
    if (now - pipe->still_since < limit)
        return earlier(next, pipe->still_since + limit);
    bridge_end(bridge, pipe == &bridge->up ? REASON_target_stalled : REASON_client_stalled, now);
    /* The other side is still read, so that its end is noticed at once. */
    bridge_sink_break(bridge, pipe, now);
    return 0;
}

/* A tap that stays full: neither side is read, so moved_at is when it became full. */
static void tick_tap(struct bridge *bridge, uint32_t limit, uint64_t now)
{
    if (limit != 0 && bridge->tap && bridge->tap->full && now - bridge->moved_at >= limit)
        bridge_end(bridge, REASON_recording_stalled, now);
}

static uint64_t tick_open(struct bridge *bridge, const struct bridge_unsent *unsent,
                          const struct bridge_times *times, uint64_t now)
{
    uint64_t next = tick_ping(bridge, &bridge->client, times, now);
    next = earlier(next, tick_ping(bridge, &bridge->target, times, now));
    next = earlier(
        next, tick_limit(bridge, bridge->moved_at, times->idle_timeout, REASON_idle_timeout, now));
    next = earlier(next, tick_limit(bridge, bridge->input_at, times->input_timeout,
                                    REASON_input_timeout, now));
    next = earlier(next, tick_limit(bridge, bridge->opened_at, times->max_duration,
                                    REASON_duration_limit, now));
    uint32_t limit = times->stall_timeout;
    next = earlier(next, tick_stall(bridge, &bridge->up, unsent->target, limit, now));
    next = earlier(next, tick_stall(bridge, &bridge->down, unsent->client, limit, now));
    tick_tap(bridge, limit, now);
    bridge_ending_settle(bridge, now);
    /* If the end has just begun, `unsent` was not asked for yet. */
    return bridge->reason == REASON_none ? next : now;
}

/* ---- the end ---- */

static bool has_unsent(const struct bridge *bridge)
{
    return bridge->up.left > 0 || bridge->down.left > 0;
}

/* How long the next bytes may take; longer once the receiver's steps show that it is slow. */
static uint64_t close_wait(const struct bridge *bridge, const struct bridge_times *times)
{
    uint32_t timeout = times->close_timeout;
    if (bridge->down.state == PIPE_BROKEN)
        return timeout < CLIENT_GONE_MS ? timeout : CLIENT_GONE_MS;
    if (!has_unsent(bridge))
        return timeout;
    return pace_close_wait(bridge->longest_step, timeout, times->stall_timeout);
}

static uint64_t ending_deadline(const struct bridge *bridge, const struct bridge_times *times)
{
    uint64_t deadline = bridge->progress_at + close_wait(bridge, times);
    if (bridge->down.state == PIPE_FLOWING && times->max_duration != 0 &&
        deadline > bridge->opened_at + times->max_duration)
        deadline = bridge->opened_at + times->max_duration;
    return deadline;
}

/* True if a sink got bytes that it did not take at once. */
static bool end_flowing(struct bridge *bridge, uint64_t now)
{
    bool up_blocked = bridge->up.blocked, down_blocked = bridge->down.blocked;
    bridge_ending_finish_both(bridge);
    bridge_ending_settle(bridge, now);
    return (bridge->up.blocked && !up_blocked) || (bridge->down.blocked && !down_blocked);
}

/* Drops all bytes that did not move in time. */
static void give_up(struct bridge *bridge, const struct bridge_unsent *unsent, uint64_t now)
{
    /* If a sink broke, its reason stays: the other one did not move because of it. */
    if (bridge->up.state != PIPE_BROKEN && bridge->down.state != PIPE_BROKEN) {
        if (bridge->down.blocked || unsent->client > 0)
            bridge->reason = REASON_client_stalled;
        else if (bridge->up.blocked)
            bridge->reason = REASON_target_stalled;
    }
    bridge->client.in_done = bridge->target.in_done = true;
    bridge->client.over = bridge->target.over = true;
    bridge_sink_break(bridge, &bridge->up, now);
    bridge_sink_break(bridge, &bridge->down, now);
}

/*
 * At the first deadline of the end, directions that flow are ended; at the next one, all is
 * dropped.
 */
static uint64_t tick_ending(struct bridge *bridge, const struct bridge_unsent *unsent,
                            const struct bridge_times *times, uint64_t now)
{
    if (pace_has_moved(&bridge->up, unsent->target, now))
        bridge_ending_note_taken(bridge, &bridge->up, now);
    if (pace_has_moved(&bridge->down, unsent->client, now))
        bridge_ending_note_taken(bridge, &bridge->down, now);
    uint64_t deadline = ending_deadline(bridge, times);
    uint64_t next = pace_next_check(times->close_timeout, now);
    if (now < deadline)
        return has_unsent(bridge) && next < deadline ? next : deadline;

    bool flows = bridge->up.state == PIPE_FLOWING || bridge->down.state == PIPE_FLOWING;
    if (flows && end_flowing(bridge, now)) {
        bridge->progress_at = now;
        return ending_deadline(bridge, times);
    }
    give_up(bridge, unsent, now);
    return 0;
}

uint64_t bridge_time_tick(struct bridge *bridge, const struct bridge_unsent *unsent,
                          const struct bridge_times *times, uint64_t now)
{
    if (bridge_is_done(bridge))
        return 0;
    const struct bridge before = *bridge;
    uint64_t next = bridge->reason == REASON_none ? tick_open(bridge, unsent, times, now)
                                                  : tick_ending(bridge, unsent, times, now);
    bridge_check_tick(&before, bridge);
    return next;
}
