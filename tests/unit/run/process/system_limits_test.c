/* The size of libuv's pool: as many threads as work_share divides, or more. */
#include "run/process/system_limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/resources/work_share.h"

static long threads_for(const char *given)
{
    if (given)
        setenv("UV_THREADPOOL_SIZE", given, 1);
    else
        unsetenv("UV_THREADPOOL_SIZE");
    system_limits_widen_thread_pool();
    return strtol(getenv("UV_THREADPOOL_SIZE"), NULL, 10);
}

static void test_the_pool_has_room_for_all_shares(void **unused)
{
    assert_int_equal(threads_for(NULL), WORK_THREADS);
    assert_int_equal(threads_for(""), WORK_THREADS);
    assert_int_equal(threads_for("4"), WORK_THREADS);
    assert_int_equal(threads_for("-1"), WORK_THREADS);
    assert_int_equal(threads_for("many"), WORK_THREADS);
    assert_int_equal(threads_for("64"), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_pool_has_room_for_all_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
