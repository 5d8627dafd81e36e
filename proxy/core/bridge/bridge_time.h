/*
 * The clock of a bridge: pings, idle and longest sessions, sinks that take nothing, and the
 * deadlines of its end.
 *
 * A sink that takes nothing. A direction that is blocked and moves no byte for stall_timeout ends
 * the session, over every transport, whether the peers are still there or not. What its kernel
 * holds counts: a reader that takes a little now and then is slow, and not stalled.
 *
 * The end. Whatever still flows has close_timeout, then it is cut. Last bytes that move put the
 * deadline off, so that a slow but steady reader gets them all; bytes that could go on for ever do
 * not. TCP shows a reader's progress in steps of its window only, and the slower the reader, the
 * rarer they are: from the first step on, the next one may take several times the longest so far,
 * up to stall_timeout. When the client is gone, the target has a second to take its own.
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
    uint32_t ping_interval, ping_timeout; /* milliseconds; interval 0: no pings */
    uint32_t idle_timeout, max_duration;  /* 0: off */
    uint32_t close_timeout;
    uint32_t stall_timeout; /* 0: off */
};

/* Bytes that the kernel holds for each side, sent or not, and that it has not acknowledged. */
struct bridge_unsent {
    uint64_t client, target;
};

/*
 * A deadline may have passed. To be called as soon as the bridge is ending, too. `unsent` is asked
 * for only where it counts (bridge_time_needs_unsent). Returns when to call again (0: never; `now`:
 * at once, with a fresh `unsent`), or finishes the bridge.
 */
WSL_MUST_CHECK uint64_t bridge_time_tick(struct bridge *bridge, const struct bridge_unsent *unsent,
                                         const struct bridge_times *times, uint64_t now);

/* Otherwise zeroes will do. */
static inline bool bridge_time_needs_unsent(const struct bridge *bridge)
{
    return bridge_ending(bridge) || bridge->up.blocked || bridge->down.blocked;
}

#endif
