/*
 * Load balancing: which of a route's targets gets a session, and which are down.
 *
 * The health of a target by the outcome of its sessions (the probe's verdict is separate):
 *
 *      fail_after failures in a row          the back-off has passed
 *     UP ----------------------------> DOWN -------------------------> DUE
 *                                       ^                               |
 *                                       +---- one session is the trial -+
 *
 * A failed trial doubles the back-off, up to 32 times the first. A session that connects, in a
 * trial or because all targets were down, leads from any state to UP.
 *
 * A trial is a mark with a time limit, so that it ends even if its session vanishes. Failures of
 * sessions that were connecting when the mark was set are counted as one with it.
 *
 * A failed probe takes its target out at once. A successful one brings it back and ends a back-off;
 * the next session is then the trial, because a probe may test less than a session does.
 *
 * If no target is usable, all are tried, the least bad first: an old verdict is no reason to
 * refuse.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: plain values.
 */
#ifndef WSLUICE_CORE_ROUTE_BALANCE_H
#define WSLUICE_CORE_ROUTE_BALANCE_H

#include "base/base.h"
#include "config/model/config.h"

#define BALANCE_TARGETS_MAX 256 /* of one route */
#define BALANCE_TRIES       16  /* candidates for one session, at most */

enum balance_probe { BALANCE_UNPROBED, BALANCE_PROBED_UP, BALANCE_PROBED_DOWN };

/* One word without padding, so that threads can update it by compare-and-swap. */
struct balance_health {
    uint64_t down_until : 46; /* milliseconds of a monotonic clock; 0: not marked */
    uint64_t fails : 16;      /* in a row; saturates */
    uint64_t probe : 2;       /* enum balance_probe */
};
_Static_assert(sizeof(struct balance_health) == sizeof(uint64_t), "no padding");

struct balance_target {
    struct balance_health health;
    uint32_t sessions; /* open and connecting */
};

struct balance_policy {
    enum config_balance balance;
    uint32_t fail_after; /* 0: never marked */
    uint32_t retry_down_ms;
    uint32_t trial_ms; /* the longest that a trial can take */
};

enum balance_event {
    BALANCE_CONNECTED,
    BALANCE_FAILED,
    BALANCE_TRIAL_BEGAN,
    BALANCE_TRIAL_FAILED,
    BALANCE_TRIAL_ABANDONED, /* the client left, or memory ran out: no result */
    BALANCE_PROBE_UP,
    BALANCE_PROBE_DOWN,
};

enum balance_state { BALANCE_UP, BALANCE_DUE, BALANCE_DOWN };

enum balance_state balance_state(struct balance_health health, const struct balance_policy *policy,
                                 uint64_t now);

struct balance_health balance_after(struct balance_health health,
                                    const struct balance_policy *policy, enum balance_event event,
                                    uint64_t now);

/*
 * Fills `order` with indices of targets, best first, and returns how many: the usable ones, or all
 * when none is. `session_number` grows by one with every session of the route; with round_robin it
 * chooses, with least_sessions it breaks ties.
 */
size_t balance_order(const struct balance_policy *policy, const struct balance_target *targets,
                     size_t count, uint64_t now, uint64_t session_number,
                     uint16_t order[BALANCE_TRIES]);

#endif
