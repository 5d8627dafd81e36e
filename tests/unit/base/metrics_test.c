#include "base/metrics.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_names(void **unused)
{
    for (enum metric metric = 0; metric < METRICS_COUNT; metric++) {
        for (const char *c = metrics_name(metric); *c; c++)
            assert_true(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_');
        for (enum metric other = 0; other < metric; other++)
            assert_string_not_equal(metrics_name(metric), metrics_name(other));
    }
    assert_string_equal(metrics_name(METRICS_bytes_up), "bytes_up");
}

static void test_counting(void **unused)
{
    struct metrics metrics = {0};
    metrics_add(&metrics.counter[METRICS_bytes_up], 5);
    metrics_add(&metrics.counter[METRICS_bytes_up], UINT64_C(1) << 40);
    metrics_add(&metrics.ended[REASON_drained], 1);
    metrics_add(&metrics.open, 1);
    metrics_add(&metrics.open, 1);
    metrics_add(&metrics.open, (uint64_t)-1);
    assert_int_equal(metrics_read(&metrics.counter[METRICS_bytes_up]), (UINT64_C(1) << 40) + 5);
    assert_int_equal(metrics_read(&metrics.counter[METRICS_bytes_down]), 0);
    assert_int_equal(metrics_read(&metrics.ended[REASON_drained]), 1);
    assert_int_equal(metrics_read(&metrics.open), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
