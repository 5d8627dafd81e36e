/*
 * The clock of a bridge: pings, idle and longest sessions, and the deadlines of its end.
 *
 * How long that takes. Whatever still flows after the end has close_timeout, then it is cut. Last
 * bytes that move put the deadline off, so that a slow but steady reader gets them all; bytes that
 * could go on for ever do not. When the client is gone, the target has a second to take its own.
 *
 * Pure: time is a parameter.
 *
 * Owns: nothing. Thread: the bridge's worker. Errors: end up in the bridge's `reason`. Lifetime:
 * the bridge's.
 */
#ifndef WSLUICE_CORE_BRIDGE_TIME_H
#define WSLUICE_CORE_BRIDGE_TIME_H

#include "core/bridge.h"

struct bridge_times {
    uint32_t ping_interval, ping_timeout; /* milliseconds; interval 0: no pings */
    uint32_t idle_timeout, max_duration;  /* 0: off */
    uint32_t close_timeout;
};

/*
 * A deadline may have passed: pings, idle, longest session, close. To be called as soon as the
 * bridge is ending, too. `unsent` is what the client's kernel has not acknowledged yet: a slow but
 * steady reader gets its last bytes however long it takes. Returns when to call again (0: never;
 * `now`: at once, with a fresh `unsent`), or finishes the bridge.
 */
uint64_t bridge_time_tick(struct bridge *bridge, uint64_t unsent, const struct bridge_times *times,
                          uint64_t now) WSL_MUST_CHECK;

#endif
