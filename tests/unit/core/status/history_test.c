/* Rates of each step, the oldest points that are overwritten, steps of unusual length. */
#include "core/status/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct history_point points[HISTORY_POINTS];

static void test_empty(void **unused)
{
    struct history history = {0};
    int64_t until;
    assert_int_equal(history_read(&history, points, &until), 0);
    history_add(&history, 1000, 1000, 1, 5, 100);
    assert_int_equal(history_read(&history, points, &until), 0);
}

static void test_rates(void **unused)
{
    struct history history = {0};
    int64_t until;
    history_add(&history, 1000, 0, 1, 5, 100);
    history_add(&history, 6000, 50, 2, 5005, 5100);
    history_add(&history, 6000, 1050, 3, 7005, 7100);
    history_add(&history, 10, 1050, 0, 12005, 12100);  /* gone back */
    history_add(&history, 500, 2000, 0, 12005, 12100); /* no time */
    assert_int_equal(history_read(&history, points, &until), 4);
    assert_true(until == 12100);
    assert_true(points[0].up == 1000 && points[0].down == 10 && points[0].sessions == 2);
    assert_true(points[1].up == 0 && points[1].down == 500 && points[1].sessions == 3);
    assert_true(points[2].up == 0 && points[2].down == 0 && points[2].sessions == 0);
    assert_true(points[3].up == 0 && points[3].down == 0);
}

static void test_ring(void **unused)
{
    struct history history = {0};
    int64_t until;
    for (uint64_t i = 0; i <= 3 * HISTORY_POINTS + 7; i++)
        history_add(&history, 0, 0, i, i * HISTORY_STEP_MS, (int64_t)i);
    assert_int_equal(history_read(&history, points, &until), HISTORY_POINTS);
    assert_true(until == 3 * HISTORY_POINTS + 7);
    for (size_t i = 0; i < HISTORY_POINTS; i++)
        assert_true(points[i].sessions == 2 * HISTORY_POINTS + 8 + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
