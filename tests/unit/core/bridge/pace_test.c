/* The progress of a sink, and how long a slow one may take. */
#include "core/bridge/pace.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_progress(void **unused)
{
    struct pipe pipe = {.carry_length = 10, .carry_at = 4};
    assert_false(pace_has_moved(&pipe, 100, 1000)); /* the first check remembers */
    assert_int_equal(pipe.left, 106);
    assert_int_equal(pipe.still_since, 1000);
    assert_false(pace_has_moved(&pipe, 100, 2000));
    assert_int_equal(pipe.still_since, 1000);
    assert_true(pace_has_moved(&pipe, 99, 3000)); /* by what the kernel holds */
    assert_int_equal(pipe.still_since, 3000);
    pipe.carry_at = 9;
    assert_true(pace_has_moved(&pipe, 99, 4000)); /* by what the carry holds */
    assert_int_equal(pipe.left, 100);
    assert_false(pace_has_moved(&pipe, 200, 5000)); /* more than before is no progress */
    assert_int_equal(pipe.left, 201);
    assert_int_equal(pipe.still_since, 4000);
}

static void test_checks(void **unused)
{
    assert_int_equal(pace_next_check(1000, 50), 300);
    assert_int_equal(pace_next_check(1, 50), 51); /* never at once */
}

static void test_waits_for_a_slow_reader(void **unused)
{
    assert_int_equal(pace_close_wait(0, 5000, 60000), 5000);
    assert_int_equal(pace_close_wait(600, 5000, 60000), 5000);
    assert_int_equal(pace_close_wait(1000, 5000, 60000), 8000);
    assert_int_equal(pace_close_wait(50000, 5000, 60000), 60000);
    assert_int_equal(pace_close_wait(50000, 5000, 0), 5000); /* no stall_timeout: no more */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_waits_for_a_slow_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
