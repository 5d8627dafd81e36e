#include "serve/session/session_bridge.h"

#include "config/model/config.h"
#include "core/bridge/bridge_time.h"
#include "net/socket.h"
#include "serve/session/session_end.h"
#include "serve/session/session_extra.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_state.h"

/* A turn of bulk is as short as this while others type: half a buffer. */
#define SPARED_UNDER_PRESSURE (BRIDGE_BUFFER / 2)

void session_bridge_arm_ending(struct session *session)
{
    session_arm_first_check(session, session_facts_limits(session)->close_timeout_ms);
}

static uint32_t rate(uint64_t before, uint64_t after, uint64_t milliseconds)
{
    uint64_t bytes = milliseconds > 0 ? (after - before) * 1000 / milliseconds : 0;
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

void session_bridge_measure(struct session *session, uint64_t now)
{
    struct session_rates *before = &session->rates;
    const struct bridge *bridge = &session->bridge;
    uint64_t up = session->stats.bytes_up, down = session->stats.bytes_down;
    uint64_t elapsed = now - before->at;
    route_stats_bytes(&session->stats, bridge->up.bytes, bridge->down.bytes);
    if (!watch_is_bulk(session->target_watch))
        duct_pool_trim(&session->env->ducts);
    if (before->at == 0) { /* the first measurement only starts the clock */
        before->at = now;
        return;
    }
    *before = (struct session_rates){
        .at = now,
        .up_per_second = rate(up, bridge->up.bytes, elapsed),
        .down_per_second = rate(down, bridge->down.bytes, elapsed),
    };
}

static inline void measure_if_due(struct session *session, uint64_t now)
{
    if (WSL_UNLIKELY(now - session->rates.at >= SESSION_BRIDGE_RATES_MS))
        session_bridge_measure(session, now);
}

void session_bridge_update(struct session *session)
{
    if (WSL_UNLIKELY(bridge_is_done(&session->bridge))) {
        session_end_now(session, REASON_internal);
        return;
    }
    if (WSL_UNLIKELY(session->state == LIFE_OPEN && bridge_is_ending(&session->bridge))) {
        session_state_step(session, LIFE_ENDING);
        session_bridge_arm_ending(session);
    }
    unsigned want = bridge_want(&session->bridge);
    watch_want(session->client_watch, want & (BRIDGE_CLIENT_READ | BRIDGE_CLIENT_WRITE));
    if (session->target_watch)
        watch_want(session->target_watch, want >> BRIDGE_TARGET_SHIFT);
}

void session_bridge_turn(struct session *session, unsigned ready)
{
    const struct pipe *down = &session->bridge.down;
    bool reachable = down->state != PIPE_BROKEN;
    uint64_t now = session_now(session);
    uint64_t before = session->bridge.up.bytes + down->bytes;
    session->env->scratch->spared =
        watch_set_is_pressed(&session->env->watches) ? SPARED_UNDER_PRESSURE : 0;
    session->env->scratch->ducts =
        watch_is_bulk(session->target_watch) ? &session->env->ducts.ducts : NULL;
    unsigned more = bridge_turn(&session->bridge, session->env->scratch, ready, now);
    uint64_t moved = session->bridge.up.bytes + down->bytes - before;
    if (ready > BRIDGE_CLIENT_BROKEN)
        watch_moved(session->target_watch, moved, more & BRIDGE_TARGET_READ);
    else
        watch_moved(session->client_watch, moved, more & BRIDGE_CLIENT_READ);
    measure_if_due(session, now);
    /* Once the client is gone, the target gets a shorter deadline than with a slow client. */
    if (WSL_UNLIKELY(reachable && down->state == PIPE_BROKEN))
        session_bridge_arm_ending(session);
    session_bridge_update(session);
}

/* The shorter one; 0: no limit. */
static uint32_t shorter(uint32_t a, uint32_t b)
{
    return a != 0 && (b == 0 || a < b) ? a : b;
}

/*
 * The longest duration of the bridge: the route's, the one of the service that named the target,
 * and what the client's identity leaves. 0: any.
 */
static uint32_t max_duration(const struct session *session)
{
    const struct session_extra *extra = session_extra_of(session);
    uint32_t longest =
        shorter(session->route ? session->route->max_duration_ms : 0, extra->max_duration_ms);
    if (extra->expires_at == 0)
        return longest;
    int64_t left = (extra->expires_at - (int64_t)time(NULL)) * 1000;
    uint64_t passed = session_now(session) - session->bridge.opened_at;
    uint64_t whole = passed + (left > 0 ? (uint64_t)left : 0);
    if (whole >= UINT32_MAX)
        return longest;
    return shorter(longest, whole > 0 ? (uint32_t)whole : 1);
}

void session_bridge_tick(struct session *session)
{
    const struct config_route *route = session->route;
    struct bridge_times times = {
        .ping_interval = route ? route->ping_interval_ms : 0,
        .ping_timeout = route ? route->ping_timeout_ms : 0,
        .idle_timeout =
            shorter(route ? route->idle_timeout_ms : 0, session_extra_of(session)->idle_timeout_ms),
        .input_timeout = route ? route->input_timeout_ms : 0,
        .max_duration = max_duration(session),
        .close_timeout = session_facts_limits(session)->close_timeout_ms,
        .stall_timeout = session_facts_limits(session)->stall_timeout_ms,
    };
    uint64_t now = session_now(session);
    struct bridge *bridge = &session->bridge;
    struct bridge_unsent unsent = {0};
    if (bridge_time_needs_unsent(bridge)) {
        unsent.client = socket_unsent(session->fd);
        unsent.target = session->target ? socket_unsent(session->target_fd) : 0;
    }
    uint64_t next = bridge_time_tick(bridge, &unsent, &times, now);
    measure_if_due(session, now);
    if (next != 0)
        session_arm(session, next - now);
    session_bridge_update(session);
}
