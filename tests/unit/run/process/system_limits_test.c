/* Limits of the system: all descriptors that may be had, and at least one CPU. */
#include "run/process/system_limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>

#include <cmocka.h>

static void test_descriptors_are_raised_to_the_hard_limit(void **unused)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max / 2;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(system_limits_descriptors(), limit.rlim_max);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(limit.rlim_cur, limit.rlim_max);
}

static void test_there_is_a_cpu(void **unused)
{
    assert_true(system_limits_cpus() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptors_are_raised_to_the_hard_limit),
        cmocka_unit_test(test_there_is_a_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
