#include "core/route/balance.h"

#define FAILS_MAX       UINT16_MAX
#define DOUBLINGS_MAX   5
#define DOWN_UNTIL_MASK ((UINT64_C(1) << 46) - 1)

static bool is_marked(struct balance_health health, const struct balance_policy *policy)
{
    return policy->fail_after != 0 && health.fails >= policy->fail_after;
}

enum balance_state balance_state(struct balance_health health, const struct balance_policy *policy,
                                 uint64_t now)
{
    if (health.probe == BALANCE_PROBED_DOWN)
        return BALANCE_DOWN;
    if (!is_marked(health, policy))
        return BALANCE_UP;
    return now < health.down_until ? BALANCE_DOWN : BALANCE_DUE;
}

/* ---- what happened to a target ---- */

static void mark_until(struct balance_health *health, uint64_t until)
{
    health->down_until = until & DOWN_UNTIL_MASK;
}

static void count_failure(struct balance_health *health, const struct balance_policy *policy,
                          uint64_t now)
{
    if (health->fails < FAILS_MAX)
        health->fails++;
    if (!is_marked(*health, policy))
        return;
    uint32_t doublings = health->fails - policy->fail_after;
    if (doublings > DOUBLINGS_MAX)
        doublings = DOUBLINGS_MAX;
    mark_until(health, now + ((uint64_t)policy->retry_down_ms << doublings));
}

struct balance_health balance_after(struct balance_health health,
                                    const struct balance_policy *policy, enum balance_event event,
                                    uint64_t now)
{
    uint64_t trial =
        policy->trial_ms > policy->retry_down_ms ? policy->trial_ms : policy->retry_down_ms;
    switch (event) {
    case BALANCE_CONNECTED:
        health.fails = 0;
        health.down_until = 0;
        break;
    case BALANCE_FAILED:
        /* Sessions that fail together count once, or their number would set the back-off. */
        if (!is_marked(health, policy) || now >= health.down_until)
            count_failure(&health, policy, now);
        break;
    case BALANCE_TRIAL_BEGAN:
        mark_until(&health, now + trial);
        break;
    case BALANCE_TRIAL_FAILED:
        count_failure(&health, policy, now);
        break;
    case BALANCE_TRIAL_ABANDONED:
        mark_until(&health, now);
        break;
    case BALANCE_PROBE_UP:
        health.probe = BALANCE_PROBED_UP;
        if (now < health.down_until)
            mark_until(&health, now);
        break;
    case BALANCE_PROBE_DOWN:
        health.probe = BALANCE_PROBED_DOWN;
        break;
    }
    return health;
}

/* ---- the choice ---- */

/* The target with the lowest rank is tried first. */
struct candidate {
    uint64_t rank;
    uint16_t index;
};

/* Keeps the BALANCE_TRIES lowest, sorted; equal ranks stay in the order in which they came. */
static size_t keep_best(struct candidate *best, size_t kept, struct candidate candidate)
{
    size_t place = kept < BALANCE_TRIES ? kept : BALANCE_TRIES;
    while (place > 0 && candidate.rank < best[place - 1].rank) {
        if (place < BALANCE_TRIES)
            best[place] = best[place - 1];
        place--;
    }
    if (place < BALANCE_TRIES)
        best[place] = candidate;
    return kept < BALANCE_TRIES ? kept + 1 : kept;
}

/*
 * `turn` counts the usable targets from the one whose turn it is. Rotation over the usable ones
 * gives each the same share; rotation over all would give a dead one's share to its neighbour.
 */
static uint64_t rank_usable(enum config_balance balance, const struct balance_target *target,
                            uint64_t place, uint64_t turn)
{
    switch (balance) {
    case CONFIG_BALANCE_ROUND_ROBIN:
        return turn;
    case CONFIG_BALANCE_LEAST_SESSIONS:
        return (uint64_t)target->sessions << 32 | turn;
    case CONFIG_BALANCE_FIRST:
        break;
    }
    return place;
}

/* An earlier end of the back-off is better; a failed probe is worse than any back-off. */
static uint64_t rank_down(const struct balance_target *target)
{
    uint64_t probed = target->health.probe == BALANCE_PROBED_DOWN;
    return probed << 63 | target->health.down_until;
}

size_t balance_order(const struct balance_policy *policy, const struct balance_target *targets,
                     size_t count, uint64_t now, uint64_t session_number,
                     uint16_t order[BALANCE_TRIES])
{
    struct candidate best[BALANCE_TRIES] = {{0, 0}};
    size_t usable = 0, kept = 0;
    for (size_t i = 0; i < count; i++)
        usable += balance_state(targets[i].health, policy, now) != BALANCE_DOWN;

    for (size_t i = 0, place = 0; i < count; i++) {
        struct candidate candidate = {.index = (uint16_t)i};
        if (usable == 0) {
            candidate.rank = rank_down(&targets[i]);
        } else if (balance_state(targets[i].health, policy, now) != BALANCE_DOWN) {
            uint64_t turn = (place + usable - session_number % usable) % usable;
            candidate.rank = rank_usable(policy->balance, &targets[i], place++, turn);
        } else {
            continue;
        }
        kept = keep_best(best, kept, candidate);
    }
    for (size_t i = 0; i < kept; i++)
        order[i] = best[i].index;
    return kept;
}
