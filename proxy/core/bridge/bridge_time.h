/*
 * The clock of a bridge: pings, idle and longest sessions, those without input, stalled sinks, and
 * the deadlines of the end.
 *
 * A stalled sink. A direction that is blocked and moves no byte for stall_timeout ends the session,
 * over every transport, whether the peers are alive or not. Bytes in our kernel count: a receiver
 * that reads a little now and then is slow, and not stalled.
 *
 * The end. A direction that still flows is ended after close_timeout. Progress of the last bytes
 * extends the deadline, so that a slow but steady receiver gets all of them; bytes that could go on
 * for ever do not. TCP shows a receiver's progress only in steps of its window, and a slower one
 * makes rarer steps: after the first step, the next one may take several times the longest so far,
 * up to stall_timeout. When the client is gone, the target has a second to take its bytes.
 *
 * Pure: time is a parameter.
 *
 * Owns: nothing. Thread: the bridge's worker. Errors: end up in the bridge's `reason`. Lifetime:
 * the bridge's.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_TIME_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_TIME_H

#include "core/bridge/bridge.h"

struct bridge_times {
    uint32_t ping_interval, ping_timeout;               /* milliseconds; interval 0: no pings */
    uint32_t idle_timeout, input_timeout, max_duration; /* 0: off */
    uint32_t close_timeout;
    uint32_t stall_timeout; /* 0: off */
};

/* Bytes in our kernel for each side, sent or not, that it has not acknowledged. */
struct bridge_unsent {
    uint64_t client, target;
};

/*
 * Checks the deadlines. Call it at the time that it returned, and as soon as the bridge is ending.
 * `unsent` counts only if bridge_time_needs_unsent. Returns when to call again (0: never; `now`: at
 * once, with a fresh `unsent`), or finishes the bridge.
 */
WSL_MUST_CHECK uint64_t bridge_time_tick(struct bridge *bridge, const struct bridge_unsent *unsent,
                                         const struct bridge_times *times, uint64_t now);

/* Otherwise `unsent` may be zero. */
static inline bool bridge_time_needs_unsent(const struct bridge *bridge)
{
    return bridge_is_ending(bridge) || bridge->up.blocked || bridge->down.blocked;
}

#endif
