/* Route statistics: what is counted, what a reload keeps, and what several threads see. */
#include "serve/metrics/route_stats.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <uv.h>

#include "lib/failing_alloc.h"

struct found {
    const char *name;
    unsigned times;
    struct route_stats_sums sums;
};

static void look(void *owner, const char *name, const struct route_stats_sums *sums)
{
    struct found *found = owner;
    if (strcmp(found->name, name) != 0)
        return;
    found->times++;
    found->sums = *sums;
}

static struct found find(struct route_stats_set *set, const char *name)
{
    struct found found = {.name = name};
    route_stats_each(set, &(struct route_stats_reader){look, NULL, &found});
    return found;
}

static void run_session(struct route_stats *stats, unsigned worker, struct metrics *metrics,
                        enum reason reason)
{
    struct route_stats_use use = {0};
    route_stats_enter(&use, stats, worker, metrics);
    route_stats_open(&use, 3);
    route_stats_bytes(&use, 100, 1000);
    route_stats_bytes(&use, 150, 1000);
    route_stats_end(&use, reason, 42);
}

static void test_a_session(void **unused)
{
    struct route_stats_set *set = route_stats_set_create(2);
    struct route_stats *stats = route_stats_get(set, "desk");
    struct metrics metrics = {0};
    struct route_stats_use use = {0};
    route_stats_bytes(&use, 1, 1);
    route_stats_end(&use, REASON_silent, 0); /* before the route was known */
    route_stats_enter(&use, stats, 1, &metrics);
    route_stats_open(&use, 3);
    route_stats_bytes(&use, 100, 1000);
    struct found found = find(set, "desk");
    assert_int_equal(found.sums.open, 1);
    assert_int_equal(metrics_read(&metrics.open_sessions), 1);
    assert_int_equal(found.sums.bytes_down, 1000);
    route_stats_bytes(&use, 150, 1000);
    route_stats_end(&use, REASON_client_closed, 42);
    route_stats_bytes(&use, 999, 999);
    route_stats_end(&use, REASON_client_eof, 43);

    found = find(set, "desk");
    assert_int_equal(found.times, 1);
    assert_int_equal(found.sums.open, 0);
    assert_int_equal(found.sums.sessions, 1);
    assert_int_equal(found.sums.bytes_up, 150);
    assert_int_equal(found.sums.bytes_down, 1000);
    assert_int_equal(found.sums.ended[REASON_client_closed], 1);
    assert_int_equal(found.sums.ended[REASON_client_eof], 0);
    assert_int_equal(metrics_read(&metrics.open_sessions), 0);
    assert_int_equal(metrics_read(&metrics.counter[METRICS_sessions]), 1);
    assert_int_equal(metrics_read(&metrics.counter[METRICS_bytes_up]), 150);
    assert_int_equal(metrics_read(&metrics.histogram[METRICS_HISTOGRAM_connect].sum), 3);
    assert_int_equal(metrics_read(&metrics.histogram[METRICS_HISTOGRAM_duration].sum), 42);
    route_stats_release(stats);
    route_stats_set_free(set);
}

static void test_a_refused_client(void **unused)
{
    struct route_stats_set *set = route_stats_set_create(1);
    struct route_stats *stats = route_stats_get(set, "desk");
    struct metrics metrics = {0};
    struct route_stats_use use = {0};
    route_stats_enter(&use, stats, 0, &metrics);
    route_stats_end(&use, REASON_target_refused, 5);
    struct found found = find(set, "desk");
    assert_int_equal(found.sums.ended[REASON_target_refused], 1);
    assert_int_equal(found.sums.sessions, 0);
    assert_int_equal(found.sums.open, 0);
    assert_int_equal(metrics_read(&metrics.histogram[METRICS_HISTOGRAM_duration].sum), 0);
    route_stats_release(stats);
    route_stats_set_free(set);
}

/* A reload: the new site takes references before the old one releases them, or long after. */
static void test_a_name_keeps_its_count(void **unused)
{
    struct route_stats_set *set = route_stats_set_create(1);
    struct metrics metrics = {0};
    struct route_stats *before = route_stats_get(set, "desk");
    run_session(before, 0, &metrics, REASON_client_closed);
    struct route_stats *after = route_stats_get(set, "desk");
    assert_ptr_equal(before, after);
    route_stats_release(before);
    assert_int_equal(find(set, "desk").sums.sessions, 1);
    route_stats_release(after);
    assert_int_equal(find(set, "desk").sums.sessions, 1);
    after = route_stats_get(set, "desk");
    run_session(after, 0, &metrics, REASON_client_closed);
    assert_int_equal(find(set, "desk").sums.sessions, 2);
    route_stats_release(after);
    route_stats_set_free(set);
}

static const char *name_of(unsigned i)
{
    static char name[32];
    snprintf(name, sizeof(name), "route %u", i);
    return name;
}

/* ---- by target ---- */

static void look_at_target(void *owner, const char *name, const char *target,
                           const struct route_stats_sums *sums)
{
    struct found *found = owner;
    assert_string_equal(name, "desk");
    if (strcmp(found->name, target) != 0)
        return;
    found->times++;
    found->sums = *sums;
}

static void ignore(void *owner, const char *name, const struct route_stats_sums *sums)
{
    (void)owner;
    (void)name;
    (void)sums;
}

static struct found find_target(struct route_stats_set *set, const char *target)
{
    struct found found = {.name = target};
    route_stats_each(set, &(struct route_stats_reader){ignore, look_at_target, &found});
    return found;
}

static void test_a_session_is_counted_by_its_target(void **unused)
{
    struct route_stats_set *set = route_stats_set_create(2);
    struct route_stats *stats = route_stats_get(set, "desk");
    struct metrics metrics[2] = {0};
    struct route_stats_use use[3] = {0};
    for (unsigned i = 0; i < 3; i++) {
        route_stats_enter(&use[i], stats, i % 2, &metrics[i % 2]);
        route_stats_enter_target(&use[i], stats, i < 2 ? "10.0.0.5:5900" : "10.0.0.6:5900");
    }
    for (unsigned i = 0; i < 2; i++) {
        route_stats_open(&use[i], 3);
        route_stats_bytes(&use[i], 10, 20);
    }
    assert_int_equal(find_target(set, "10.0.0.5:5900").sums.open, 2);
    route_stats_bytes(&use[1], 15, 20);
    route_stats_end(&use[0], REASON_client_closed, 1);
    route_stats_end(&use[1], REASON_target_closed, 1);
    route_stats_end(&use[2], REASON_target_refused, 1); /* never opened */
    struct found found = find_target(set, "10.0.0.5:5900");
    assert_int_equal(found.times, 1);
    assert_int_equal(found.sums.open, 0);
    assert_int_equal(found.sums.sessions, 2);
    assert_int_equal(found.sums.bytes_up, 25);
    assert_int_equal(found.sums.bytes_down, 40);
    assert_int_equal(found.sums.ended[REASON_client_closed], 1);
    found = find_target(set, "10.0.0.6:5900");
    assert_int_equal(found.sums.sessions, 0);
    assert_int_equal(found.sums.open, 0);
    assert_int_equal(found.sums.ended[REASON_target_refused], 1);
    assert_int_equal(find(set, "desk").sums.sessions, 2);
    route_stats_release(stats);
    route_stats_set_free(set);
}

static void count(void *owner, const char *name, const struct route_stats_sums *sums)
{
    (void)name;
    (void)sums;
    ++*(size_t *)owner;
}

static void test_memory_is_bounded(void **unused)
{
    struct route_stats_set *set = route_stats_set_create(1);
    struct route_stats *kept = route_stats_get(set, "kept");
    for (unsigned i = 0; i < 3 * ROUTE_STATS_RETIRED_MAX; i++)
        route_stats_release(route_stats_get(set, name_of(i)));
    size_t all = 0;
    route_stats_each(set, &(struct route_stats_reader){count, NULL, &all});
    assert_int_equal(all, ROUTE_STATS_RETIRED_MAX + 1);
    assert_int_equal(find(set, "route 0").times, 0);
    assert_int_equal(find(set, name_of(3 * ROUTE_STATS_RETIRED_MAX - 1)).times, 1);
    assert_int_equal(find(set, "kept").times, 1);
    route_stats_release(kept);
    route_stats_set_free(set);
}

static void test_many_routes(void **unused)
{
    enum { ROUTES = 10000 };
    struct route_stats_set *set = route_stats_set_create(2);
    struct route_stats **route_stats = calloc(ROUTES, sizeof(struct route_stats *));
    for (unsigned i = 0; i < ROUTES; i++)
        route_stats[i] = route_stats_get(set, name_of(i));
    for (unsigned i = 0; i < ROUTES; i++) {
        struct route_stats *again = route_stats_get(set, name_of(i));
        assert_ptr_equal(again, route_stats[i]);
        route_stats_release(again);
        route_stats_release(route_stats[i]);
    }
    free(route_stats);
    route_stats_set_free(set);
}

static void test_without_memory(void **unused)
{
    struct route_stats_set *set = NULL;
    struct route_stats *stats = NULL;
    for (unsigned i = 1; !set; i++) {
        failing_alloc_arm(i);
        set = route_stats_set_create(1);
        assert_true((set == NULL) == failing_alloc_disarm());
    }
    for (unsigned i = 1; !stats; i++) {
        failing_alloc_arm(i);
        stats = route_stats_get(set, "desk");
        assert_true((stats == NULL) == failing_alloc_disarm());
    }
    /* The worker's own counters continue, and the next client has a slot. */
    struct metrics metrics = {0};
    failing_alloc_arm(1);
    run_session(stats, 0, &metrics, REASON_client_closed);
    assert_true(failing_alloc_disarm());
    assert_int_equal(metrics_read(&metrics.counter[METRICS_sessions]), 1);
    assert_int_equal(find(set, "desk").sums.sessions, 0);
    run_session(stats, 0, &metrics, REASON_client_closed);
    assert_int_equal(find(set, "desk").sums.sessions, 1);
    route_stats_release(stats);
    route_stats_set_free(set);
}

/* ---- threads ---- */

#define WORKERS  4
#define SESSIONS 3000

struct desk {
    struct route_stats_set *set;
    struct metrics metrics[WORKERS];
};

struct hand {
    struct desk *desk;
    unsigned worker;
};

static void work(void *argument)
{
    struct hand *hand = argument;
    for (unsigned i = 0; i < SESSIONS; i++) {
        struct route_stats *stats = route_stats_get(hand->desk->set, i % 2 ? "odd" : "even");
        run_session(stats, hand->worker, &hand->desk->metrics[hand->worker],
                    i % 3 ? REASON_client_closed : REASON_target_closed);
        route_stats_release(stats);
    }
}

static uint64_t sum_of(const struct desk *desk, enum metric metric)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < WORKERS; i++)
        sum += metrics_read(&desk->metrics[i].counter[metric]);
    return sum;
}

static void expect_no_less(const struct route_stats_sums *before,
                           const struct route_stats_sums *after)
{
    assert_true(after->sessions >= before->sessions && after->bytes_up >= before->bytes_up &&
                after->bytes_down >= before->bytes_down && after->open <= WORKERS);
    for (int reason = 0; reason < REASON_COUNT; reason++)
        assert_true(after->ended[reason] >= before->ended[reason]);
}

static void test_threads(void **unused)
{
    struct desk desk = {.set = route_stats_set_create(WORKERS)};
    struct hand hands[WORKERS];
    uv_thread_t threads[WORKERS];
    struct route_stats *even = route_stats_get(desk.set, "even");
    for (unsigned i = 0; i < WORKERS; i++) {
        hands[i] = (struct hand){&desk, i};
        assert_int_equal(uv_thread_create(&threads[i], work, &hands[i]), 0);
    }
    struct route_stats_sums before = find(desk.set, "even").sums;
    while (sum_of(&desk, METRICS_sessions) < (uint64_t)WORKERS * SESSIONS) {
        struct route_stats_sums after = find(desk.set, "even").sums;
        expect_no_less(&before, &after);
        before = after;
    }
    for (unsigned i = 0; i < WORKERS; i++)
        uv_thread_join(&threads[i]);

    struct route_stats_sums evens = find(desk.set, "even").sums, odds = find(desk.set, "odd").sums;
    expect_no_less(&before, &evens);
    assert_int_equal(evens.open + odds.open, 0);
    assert_int_equal(evens.sessions, WORKERS * SESSIONS / 2);
    assert_int_equal(evens.sessions + odds.sessions, sum_of(&desk, METRICS_sessions));
    assert_int_equal(evens.bytes_up + odds.bytes_up, sum_of(&desk, METRICS_bytes_up));
    assert_int_equal(evens.bytes_down + odds.bytes_down, sum_of(&desk, METRICS_bytes_down));
    assert_int_equal(evens.ended[REASON_client_closed] + evens.ended[REASON_target_closed],
                     evens.sessions);
    route_stats_release(even);
    route_stats_set_free(desk.set);
}

int main(void)
{
#define TEST(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        TEST(test_a_session),
        TEST(test_a_refused_client),
        TEST(test_a_name_keeps_its_count),
        TEST(test_a_session_is_counted_by_its_target),
        TEST(test_memory_is_bounded),
        TEST(test_many_routes),
        TEST(test_without_memory),
        TEST(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
