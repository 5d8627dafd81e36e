/* The monotonic clock moves on, in milliseconds; the system's has Unix time. */
#include "base/monotonic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

static void test_counts_milliseconds(void **unused)
{
    struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    uint64_t before = monotonic_ms();
    while (nanosleep(&pause, &pause) != 0)
        ;
    uint64_t passed = monotonic_ms() - before;
    assert_in_range(passed, 19, 30 * 1000);
}

static void test_never_decreases(void **unused)
{
    uint64_t last = monotonic_ms();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = monotonic_ms();
        assert_true(now >= last);
        last = now;
    }
}

static void test_has_unix_time(void **unused)
{
    int64_t before = (int64_t)time(NULL) * 1000 - 1000, now = wall_clock_ms();
    assert_true(now >= before && now <= (int64_t)time(NULL) * 1000 + 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_milliseconds),
        cmocka_unit_test(test_never_decreases),
        cmocka_unit_test(test_has_unix_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
