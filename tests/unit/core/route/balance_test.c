#include "core/route/balance.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define RETRY 1000
#define TRIAL 10000

static const struct balance_policy policy = {
    .balance = CONFIG_BALANCE_ROUND_ROBIN,
    .fail_after = 3,
    .retry_down_ms = RETRY,
    .trial_ms = TRIAL,
};

static struct balance_policy with(enum config_balance balance)
{
    struct balance_policy changed = policy;
    changed.balance = balance;
    return changed;
}

static struct balance_health after(struct balance_health health, enum balance_event event,
                                   uint64_t now)
{
    return balance_after(health, &policy, event, now);
}

static struct balance_health marked(uint64_t until)
{
    return (struct balance_health){.fails = 3, .down_until = until};
}

/* ---- health ---- */

static void test_state_table(void **unused)
{
    static const struct {
        struct balance_health health;
        uint64_t now;
        enum balance_state state;
    } rows[] = {
        {{.fails = 0}, 0, BALANCE_UP},
        {{.fails = 2}, 0, BALANCE_UP},
        {{.fails = 2, .down_until = 500}, 400, BALANCE_UP},
        {{.fails = 3, .down_until = 500}, 499, BALANCE_DOWN},
        {{.fails = 3, .down_until = 500}, 500, BALANCE_DUE},
        {{.fails = UINT16_MAX, .down_until = 500}, 501, BALANCE_DUE},
        {{.probe = BALANCE_PROBED_UP}, 0, BALANCE_UP},
        {{.probe = BALANCE_PROBED_DOWN}, 0, BALANCE_DOWN},
        {{.probe = BALANCE_PROBED_DOWN, .fails = 3, .down_until = 5}, 9, BALANCE_DOWN},
        {{.probe = BALANCE_PROBED_UP, .fails = 3, .down_until = 5}, 4, BALANCE_DOWN},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++)
        assert_int_equal(balance_state(rows[i].health, &policy, rows[i].now), rows[i].state);
}

static void test_never_marked_when_off(void **unused)
{
    struct balance_policy off = policy;
    off.fail_after = 0;
    struct balance_health health = {0};
    for (int i = 0; i < 100; i++)
        health = balance_after(health, &off, BALANCE_FAILED, 7);
    assert_int_equal(balance_state(health, &off, 7), BALANCE_UP);
}

static void test_failures_in_a_row(void **unused)
{
    struct balance_health health = {0};
    health = after(health, BALANCE_FAILED, 1);
    health = after(health, BALANCE_FAILED, 2);
    health = after(health, BALANCE_CONNECTED, 3);
    health = after(health, BALANCE_FAILED, 4);
    health = after(health, BALANCE_FAILED, 5);
    assert_int_equal(balance_state(health, &policy, 5), BALANCE_UP);
    health = after(health, BALANCE_FAILED, 6);
    assert_int_equal(balance_state(health, &policy, 6), BALANCE_DOWN);
    assert_int_equal(health.down_until, 6 + RETRY);
}

static void test_back_off_doubles_up_to_32_times(void **unused)
{
    static const uint64_t back_offs[] = {1, 2, 4, 8, 16, 32, 32, 32};
    struct balance_health health = marked(0);
    uint64_t now = 1;
    health.fails = 2;
    for (size_t i = 0; i < WSL_COUNT(back_offs); i++) {
        health = after(health, i == 0 ? BALANCE_FAILED : BALANCE_TRIAL_FAILED, now);
        assert_int_equal(health.down_until - now, back_offs[i] * RETRY);
        now = health.down_until;
        assert_int_equal(balance_state(health, &policy, now), BALANCE_DUE);
        health = after(health, BALANCE_TRIAL_BEGAN, now);
    }
    health.fails = UINT16_MAX;
    health = after(health, BALANCE_TRIAL_FAILED, now);
    assert_int_equal(health.fails, UINT16_MAX);
    assert_int_equal(health.down_until - now, 32 * RETRY);
}

/* Sessions that were connecting when the mark was set do not extend the back-off. */
static void test_concurrent_failures_count_once(void **unused)
{
    struct balance_health health = {0};
    for (uint64_t i = 0; i < 1000; i++)
        health = after(health, BALANCE_FAILED, 100 + i / 10);
    assert_int_equal(health.fails, 3);
    assert_int_equal(health.down_until, 100 + RETRY);
}

static void test_trials(void **unused)
{
    struct balance_health due = marked(1000);
    struct balance_health trial = after(due, BALANCE_TRIAL_BEGAN, 1000);
    assert_int_equal(balance_state(trial, &policy, 1000), BALANCE_DOWN);
    assert_int_equal(balance_state(trial, &policy, 1000 + TRIAL - 1), BALANCE_DOWN);
    assert_int_equal(balance_state(trial, &policy, 1000 + TRIAL), BALANCE_DUE);

    struct balance_health gone = after(trial, BALANCE_TRIAL_ABANDONED, 1100);
    assert_int_equal(balance_state(gone, &policy, 1100), BALANCE_DUE);
    struct balance_health good = after(trial, BALANCE_CONNECTED, 1100);
    assert_int_equal(balance_state(good, &policy, 1100), BALANCE_UP);
    assert_int_equal(good.fails, 0);
    struct balance_health bad = after(trial, BALANCE_TRIAL_FAILED, 1100);
    assert_int_equal(bad.down_until, 1100 + 2 * RETRY);
}

static void test_probes(void **unused)
{
    struct balance_health health = after((struct balance_health){0}, BALANCE_PROBE_DOWN, 5);
    assert_int_equal(balance_state(health, &policy, 5), BALANCE_DOWN);
    health = after(health, BALANCE_CONNECTED, 6); /* tried because all were down */
    assert_int_equal(balance_state(health, &policy, 6), BALANCE_DOWN);
    health = after(health, BALANCE_PROBE_UP, 7);
    assert_int_equal(balance_state(health, &policy, 7), BALANCE_UP);

    health = after(marked(5000), BALANCE_PROBE_UP, 100); /* try at once */
    assert_int_equal(balance_state(health, &policy, 100), BALANCE_DUE);
    health = after(health, BALANCE_TRIAL_FAILED, 200);
    assert_int_equal(balance_state(health, &policy, 200), BALANCE_DOWN);
}

/* ---- the choice ---- */

static void expect_order(const struct balance_policy *how, const struct balance_target *targets,
                         size_t count, uint64_t session_number, const char *expected)
{
    uint16_t order[BALANCE_TRIES];
    char text[BALANCE_TRIES + 1] = {0};
    size_t found = balance_order(how, targets, count, 1000, session_number, order);
    for (size_t i = 0; i < found; i++)
        text[i] = (char)('a' + order[i]);
    assert_string_equal(text, expected);
}

static void test_orders(void **unused)
{
    const struct balance_health good = {0}, down = marked(2000), due = marked(1000);
    const struct balance_health probed = {.probe = BALANCE_PROBED_DOWN};
    const struct {
        enum config_balance balance;
        uint64_t session_number;
        const char *expected;
        struct balance_target targets[4];
    } rows[] = {
        {CONFIG_BALANCE_ROUND_ROBIN, 0, "abcd", {{good, 9}, {good, 0}, {good, 0}, {good, 0}}},
        {CONFIG_BALANCE_ROUND_ROBIN, 6, "cdab", {{good, 9}, {good, 0}, {good, 0}, {good, 0}}},
        {CONFIG_BALANCE_ROUND_ROBIN, 0, "acd", {{good, 0}, {down, 0}, {good, 0}, {good, 0}}},
        {CONFIG_BALANCE_ROUND_ROBIN, 1, "cda", {{good, 0}, {down, 0}, {good, 0}, {good, 0}}},
        {CONFIG_BALANCE_ROUND_ROBIN, 2, "dac", {{good, 0}, {down, 0}, {good, 0}, {good, 0}}},
        {CONFIG_BALANCE_ROUND_ROBIN, 1, "bcda", {{good, 0}, {due, 0}, {good, 0}, {good, 0}}},
        {CONFIG_BALANCE_LEAST_SESSIONS, 0, "cbda", {{good, 9}, {good, 2}, {good, 1}, {good, 2}}},
        {CONFIG_BALANCE_LEAST_SESSIONS, 3, "cdba", {{good, 9}, {good, 2}, {good, 1}, {good, 2}}},
        {CONFIG_BALANCE_LEAST_SESSIONS, 0, "bda", {{good, 9}, {good, 2}, {probed, 0}, {good, 2}}},
        {CONFIG_BALANCE_FIRST, 7, "abcd", {{good, 9}, {good, 0}, {good, 0}, {good, 0}}},
        {CONFIG_BALANCE_FIRST, 7, "bcd", {{down, 9}, {good, 0}, {due, 0}, {good, 0}}},
        {CONFIG_BALANCE_FIRST, 0, "c", {{down, 9}, {probed, 0}, {due, 0}, {down, 0}}},
        {CONFIG_BALANCE_FIRST,
         0,
         "dcba",
         {{probed, 0}, {marked(4000), 0}, {down, 0}, {marked(1500), 0}}},
        {CONFIG_BALANCE_ROUND_ROBIN, 3, "abcd", {{down, 0}, {down, 0}, {down, 0}, {probed, 0}}},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct balance_policy how = with(rows[i].balance);
        expect_order(&how, rows[i].targets, 4, rows[i].session_number, rows[i].expected);
    }
    struct balance_target one = {probed, 3};
    expect_order(&policy, &one, 1, 5, "a");
    expect_order(&policy, NULL, 0, 5, "");
}

static void test_tries_limit(void **unused)
{
    struct balance_target targets[BALANCE_TARGETS_MAX] = {0};
    struct balance_policy least = with(CONFIG_BALANCE_LEAST_SESSIONS);
    uint16_t order[BALANCE_TRIES];
    for (uint32_t i = 0; i < BALANCE_TARGETS_MAX; i++)
        targets[i].sessions = (i * 37) % BALANCE_TARGETS_MAX;
    size_t found = balance_order(&least, targets, BALANCE_TARGETS_MAX, 0, 0, order);
    assert_int_equal(found, BALANCE_TRIES);
    for (uint32_t i = 0; i < BALANCE_TRIES; i++)
        assert_int_equal(targets[order[i]].sessions, i);
}

/* ---- simulation ---- */

#define SIM_TARGETS 5

/*
 * One session a millisecond for a minute. Target 1 is dead all the time, target 3 from 10 s to
 * 30 s; a session lasts two seconds, a try of a dead target fails at once.
 */
struct sim {
    struct balance_policy policy;
    struct balance_target targets[SIM_TARGETS];
    unsigned got[SIM_TARGETS], tried_in_vain[SIM_TARGETS], refused;
    uint8_t ends[2001]; /* ring: which target loses a session then; 0: none, else index + 1 */
};

static bool is_dead(size_t target, uint64_t now)
{
    return target == 1 || (target == 3 && now >= 10000 && now < 30000);
}

static bool try_one(struct sim *sim, uint16_t index, bool first, uint64_t now)
{
    struct balance_target *target = &sim->targets[index];
    bool trial = first && balance_state(target->health, &sim->policy, now) == BALANCE_DUE;
    if (trial)
        target->health = balance_after(target->health, &sim->policy, BALANCE_TRIAL_BEGAN, now);
    bool dead = is_dead(index, now);
    enum balance_event event = !dead   ? BALANCE_CONNECTED
                               : trial ? BALANCE_TRIAL_FAILED
                                       : BALANCE_FAILED;
    target->health = balance_after(target->health, &sim->policy, event, now);
    sim->tried_in_vain[index] += dead;
    if (dead)
        return false;
    target->sessions++;
    sim->got[index]++;
    sim->ends[(now + 2000) % 2001] = (uint8_t)(index + 1);
    return true;
}

static void simulate(struct sim *sim)
{
    for (uint64_t now = 0; now < 60000; now++) {
        uint8_t ending = sim->ends[now % 2001];
        sim->ends[now % 2001] = 0;
        if (ending)
            sim->targets[ending - 1].sessions--;
        uint16_t order[BALANCE_TRIES];
        size_t count = balance_order(&sim->policy, sim->targets, SIM_TARGETS, now, now, order);
        size_t i = 0;
        while (i < count && !try_one(sim, order[i], i == 0, now))
            i++;
        sim->refused += i == count;
    }
}

static void expect_fair(enum config_balance balance)
{
    struct sim sim = {.policy = with(balance)};
    simulate(&sim);
    assert_int_equal(sim.refused, 0);
    assert_int_equal(sim.got[1], 0);
    /* 1, 2, 4, 8, 16, 32 s after the mark: no more than one try each. */
    assert_in_range(sim.tried_in_vain[1], 3, 9);
    assert_in_range(sim.tried_in_vain[3], 3, 9);
    assert_int_equal(sim.tried_in_vain[0] + sim.tried_in_vain[2] + sim.tried_in_vain[4], 0);
    for (size_t i = 0; i < SIM_TARGETS; i += 2)
        assert_in_range(sim.got[i], 60000 / 4, 60000 / 3);
    assert_in_range(sim.got[3], 60000 / 12, 60000 / 4);
}

static void test_simulated_round_robin(void **unused)
{
    expect_fair(CONFIG_BALANCE_ROUND_ROBIN);
}

static void test_simulated_least_sessions(void **unused)
{
    expect_fair(CONFIG_BALANCE_LEAST_SESSIONS);
}

static void test_simulated_first(void **unused)
{
    struct sim sim = {.policy = with(CONFIG_BALANCE_FIRST)};
    simulate(&sim);
    assert_int_equal(sim.got[0], 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_table),
        cmocka_unit_test(test_never_marked_when_off),
        cmocka_unit_test(test_failures_in_a_row),
        cmocka_unit_test(test_back_off_doubles_up_to_32_times),
        cmocka_unit_test(test_concurrent_failures_count_once),
        cmocka_unit_test(test_trials),
        cmocka_unit_test(test_probes),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_tries_limit),
        cmocka_unit_test(test_simulated_round_robin),
        cmocka_unit_test(test_simulated_least_sessions),
        cmocka_unit_test(test_simulated_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
