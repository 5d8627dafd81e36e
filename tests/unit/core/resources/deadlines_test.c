/* Deadlines: the earliest first, against a table that is searched, and room for every promise. */
#include "core/resources/deadlines.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

#define OWNERS 300

static struct deadlines deadlines;
static struct deadline owners[OWNERS];
static uint64_t times[OWNERS]; /* the model; DEADLINES_NEVER: not set */

static int set_up(void **unused)
{
    memset(owners, 0, sizeof(owners));
    for (size_t i = 0; i < OWNERS; i++) {
        times[i] = DEADLINES_NEVER;
        assert_true(deadlines_promise(&deadlines));
    }
    return 0;
}

static int tear_down(void **unused)
{
    for (size_t i = 0; i < OWNERS; i++)
        deadlines_withdraw(&deadlines, &owners[i]);
    assert_int_equal(deadlines.promised, 0);
    assert_int_equal(deadlines.count, 0);
    deadlines_free(&deadlines);
    return 0;
}

static uint64_t earliest(void)
{
    uint64_t first = DEADLINES_NEVER;
    for (size_t i = 0; i < OWNERS; i++)
        first = times[i] < first ? times[i] : first;
    return first;
}

static void take_all_until(uint64_t now)
{
    for (struct deadline *due; (due = deadlines_take(&deadlines, now));) {
        assert_int_equal(times[due - owners], earliest());
        assert_false(deadline_is_set(due));
        times[due - owners] = DEADLINES_NEVER;
    }
    assert_true(earliest() > now);
}

static uint32_t next(uint32_t *random)
{
    return *random = *random * 1664525 + 1013904223;
}

static void test_as_a_table_that_is_searched(void **unused)
{
    uint32_t random = 1;
    for (unsigned step = 0; step < 20000; step++) {
        size_t i = (next(&random) >> 8) % OWNERS;
        uint64_t at = step + (next(&random) >> 8) % 1000;
        if ((next(&random) >> 8) % 4 == 0) {
            deadlines_clear(&deadlines, &owners[i]);
            times[i] = DEADLINES_NEVER;
        } else {
            deadlines_set(&deadlines, &owners[i], at);
            times[i] = at;
        }
        assert_int_equal(deadline_is_set(&owners[i]), times[i] != DEADLINES_NEVER);
        assert_int_equal(deadlines_first(&deadlines), earliest());
        if (step % 16 == 0)
            take_all_until(step);
    }
    take_all_until(DEADLINES_NEVER - 1);
    assert_null(deadlines_take(&deadlines, DEADLINES_NEVER));
}

static void test_equal_times_all_come(void **unused)
{
    for (size_t i = 0; i < OWNERS; i++)
        deadlines_set(&deadlines, &owners[i], times[i] = 7);
    assert_null(deadlines_take(&deadlines, 6));
    take_all_until(7);
    assert_int_equal(deadlines_first(&deadlines), DEADLINES_NEVER);
}

static void test_an_owner_may_end_while_it_is_set(void **unused)
{
    for (size_t i = 0; i < OWNERS; i++)
        deadlines_set(&deadlines, &owners[i], times[i] = i);
    for (size_t i = 0; i < OWNERS; i += 2) {
        deadlines_withdraw(&deadlines, &owners[i]);
        times[i] = DEADLINES_NEVER;
    }
    take_all_until(OWNERS);
    for (size_t i = 0; i < OWNERS; i += 2)
        assert_true(deadlines_promise(&deadlines));
}

/* What was promised before stays good. */
static void test_without_memory(void **unused)
{
    struct deadlines few = {0};
    struct deadline one = {0};
    assert_true(deadlines_promise(&few));
    while (few.promised < few.capacity)
        assert_true(deadlines_promise(&few));
    failing_alloc_arm(1);
    assert_false(deadlines_promise(&few));
    assert_true(failing_alloc_disarm());
    deadlines_set(&few, &one, 1);
    assert_ptr_equal(deadlines_take(&few, 1), &one);
    assert_true(deadlines_promise(&few));
    deadlines_free(&few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_as_a_table_that_is_searched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_equal_times_all_come, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_owner_may_end_while_it_is_set, set_up, tear_down),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
