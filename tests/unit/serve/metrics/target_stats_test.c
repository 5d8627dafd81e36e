/* Counts by target: the bound, what several threads add at once, and no memory. */
#include "serve/metrics/target_stats.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <uv.h>

#include "lib/failing_alloc.h"

static struct target_stats stats;

static int tear_down(void **unused)
{
    target_stats_free(&stats);
    return 0;
}

/* The sessions of target number `i`; NULL: out of memory. */
static atomic_uint_fast64_t *sessions_of(unsigned i)
{
    char name[32];
    snprintf(name, sizeof(name), "10.0.0.%u:5900", i);
    struct target_stats_counts *counts = target_stats_find(&stats, name);
    return counts ? &counts->sessions : NULL;
}

struct seen {
    size_t count;
    uint64_t sessions;
    char last[32];
};

static void look(void *owner, const char *name, const struct target_stats_counts *counts)
{
    struct seen *seen = owner;
    seen->count++;
    seen->sessions += atomic_load(&counts->sessions);
    snprintf(seen->last, sizeof(seen->last), "%s", name);
}

static struct seen read_all(void)
{
    struct seen seen = {0};
    target_stats_each(&stats, look, &seen);
    return seen;
}

static void test_a_target_keeps_its_counts(void **unused)
{
    assert_int_equal(read_all().count, 0);
    atomic_uint_fast64_t *first = sessions_of(1), *second = sessions_of(2);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    assert_ptr_equal(sessions_of(1), first);
    assert_ptr_equal(sessions_of(2), second);
    assert_int_equal(read_all().count, 2);
    assert_string_equal(read_all().last, "10.0.0.2:5900");
}

static void test_the_others_share_one(void **unused)
{
    for (unsigned i = 0; i < TARGET_STATS_MAX; i++)
        atomic_fetch_add(sessions_of(i), 1);
    assert_int_equal(read_all().count, TARGET_STATS_MAX);
    atomic_uint_fast64_t *other = sessions_of(TARGET_STATS_MAX);
    assert_ptr_equal(sessions_of(TARGET_STATS_MAX + 1), other);
    atomic_fetch_add(other, 5);
    struct seen seen = read_all();
    assert_int_equal(seen.count, TARGET_STATS_MAX + 1);
    assert_int_equal(seen.sessions, TARGET_STATS_MAX + 5);
    assert_string_equal(seen.last, TARGET_STATS_OTHER);
    assert_ptr_not_equal(sessions_of(TARGET_STATS_MAX - 1), other);
}

static void test_without_memory(void **unused)
{
    for (unsigned n = 1; n <= 2; n++) {
        failing_alloc_arm(n);
        assert_null(sessions_of(1));
        assert_true(failing_alloc_disarm());
        target_stats_free(&stats);
    }
    assert_non_null(sessions_of(1));
}

#define THREADS 4
#define ROUNDS  2000

static void add_all(void *unused)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        atomic_fetch_add(sessions_of(i % (2 * TARGET_STATS_MAX)), 1);
}

static void test_threads_agree(void **unused)
{
    uv_thread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(uv_thread_create(&threads[i], add_all, NULL), 0);
    (void)read_all();
    for (int i = 0; i < THREADS; i++)
        uv_thread_join(&threads[i]);
    struct seen seen = read_all();
    assert_int_equal(seen.count, TARGET_STATS_MAX + 1);
    assert_int_equal(seen.sessions, THREADS * ROUNDS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_target_keeps_its_counts),
        TEST(test_the_others_share_one),
        TEST(test_without_memory),
        TEST(test_threads_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
