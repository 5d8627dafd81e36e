/* Many deadlines on one timer: their order, a bounded turn, and a loop that ends with them. */
#include "net/loop/timers.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OWNERS (2 * TIMERS_PER_TURN + 1)

static uv_loop_t loop;
static struct timers timers;
static struct deadline owners[OWNERS];
static struct deadline *passed[OWNERS];
static size_t passed_count;
static unsigned again; /* how often a deadline is started anew when it passes */

static void passed_cb(struct deadline *deadline)
{
    assert_false(deadline_is_set(deadline));
    assert_true(passed_count < OWNERS);
    passed[passed_count++] = deadline;
    if (again > 0) {
        again--;
        timers_start(&timers, deadline, 0);
    }
}

static int set_up(void **unused)
{
    passed_count = 0;
    again = 0;
    memset(owners, 0, sizeof(owners));
    assert_int_equal(uv_loop_init(&loop), 0);
    timers_open(&timers, &loop, passed_cb);
    for (size_t i = 0; i < OWNERS; i++)
        assert_true(timers_promise(&timers));
    return 0;
}

static int tear_down(void **unused)
{
    for (size_t i = 0; i < OWNERS; i++)
        timers_withdraw(&timers, &owners[i]);
    timers_close(&timers);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

static void test_the_earliest_first(void **unused)
{
    timers_start(&timers, &owners[0], 30);
    timers_start(&timers, &owners[1], 10);
    timers_start(&timers, &owners[2], 20);
    timers_start(&timers, &owners[1], 40); /* replaces its time */
    uint64_t began = uv_now(&loop);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(passed_count, 3);
    assert_ptr_equal(passed[0], &owners[2]);
    assert_ptr_equal(passed[1], &owners[0]);
    assert_ptr_equal(passed[2], &owners[1]);
    assert_true(uv_now(&loop) >= began + 40);
}

static void test_what_is_stopped_does_not_hold_the_loop(void **unused)
{
    timers_start(&timers, &owners[0], 3600000);
    timers_start(&timers, &owners[1], 5);
    timers_stop(&timers, &owners[1]);
    timers_stop(&timers, &owners[0]);
    timers_stop(&timers, &owners[0]);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(passed_count, 0);
}

static void test_an_earlier_one_wakes_the_loop_earlier(void **unused)
{
    timers_start(&timers, &owners[0], 3600000);
    timers_start(&timers, &owners[1], 1);
    while (passed_count == 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_ptr_equal(passed[0], &owners[1]);
    assert_true(deadline_is_set(&owners[0]));
}

static void test_a_turn_is_bounded(void **unused)
{
    for (size_t i = 0; i < OWNERS; i++)
        timers_start(&timers, &owners[i], 0);
    for (size_t last = 0; passed_count < OWNERS; last = passed_count) {
        uv_run(&loop, UV_RUN_NOWAIT);
        assert_true(passed_count <= last + TIMERS_PER_TURN);
    }
    assert_int_equal(uv_run(&loop, UV_RUN_NOWAIT), 0);
}

static void test_started_again_by_its_callback(void **unused)
{
    again = 3;
    timers_start(&timers, &owners[0], 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(passed_count, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_earliest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_stopped_does_not_hold_the_loop, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_earlier_one_wakes_the_loop_earlier, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_turn_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_started_again_by_its_callback, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
