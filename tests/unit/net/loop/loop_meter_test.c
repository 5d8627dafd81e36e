/* The longest time that a loop was busy, and that it is forgotten after a while. */
#include "net/loop/loop_meter.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static atomic_uint_fast64_t longest;

static void test_the_longest_counts(void **unused)
{
    struct loop_meter meter = {.longest = &longest};
    loop_meter_note(&meter, 5, 1000);
    assert_int_equal(longest, 5);
    loop_meter_note(&meter, 3, 2000);
    assert_int_equal(longest, 5);
    loop_meter_note(&meter, 7, 3000);
    assert_int_equal(longest, 7);
}

/* It stays for one window at least, and for two at most. */
static void test_it_is_forgotten(void **unused)
{
    struct loop_meter meter = {.longest = &longest};
    uint64_t now = 1000;
    loop_meter_note(&meter, 50, now);
    loop_meter_note(&meter, 2, now += LOOP_METER_WINDOW_MS);
    assert_int_equal(longest, 50);
    loop_meter_note(&meter, 1, now += LOOP_METER_WINDOW_MS);
    assert_int_equal(longest, 2);
    loop_meter_note(&meter, 0, now + 5 * LOOP_METER_WINDOW_MS); /* it slept */
    assert_int_equal(longest, 0);
}

/* ---- in a loop ---- */

static unsigned turns;

static void busy_cb(uv_async_t *event)
{
    uint64_t end = uv_hrtime() + 30000000;
    while (uv_hrtime() < end)
        ;
    if (++turns == 3)
        uv_close((uv_handle_t *)event, NULL);
    else
        uv_async_send(event);
}

static void test_in_a_loop(void **unused)
{
    struct loop_meter meter;
    uv_loop_t loop;
    uv_async_t event;
    assert_int_equal(uv_loop_init(&loop), 0);
    loop_meter_open(&meter, &loop, &longest);
    assert_int_equal(uv_async_init(&loop, &event, busy_cb), 0);
    uv_async_send(&event);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_in_range(longest, 25, 5000);
    loop_meter_close(&meter);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_longest_counts),
        cmocka_unit_test(test_it_is_forgotten),
        cmocka_unit_test(test_in_a_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
