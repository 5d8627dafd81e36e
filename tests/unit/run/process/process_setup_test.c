/* The size of libuv's pool: as many threads as work_share divides, or more. */
#include "run/process/process_setup.h"

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
    process_setup_widen_thread_pool();
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

static void test_the_size_of_the_pool_is_known(void **unused)
{
    threads_for("64");
    assert_int_equal(process_setup_pool_threads(), 64);
    threads_for("4000");
    assert_int_equal(process_setup_pool_threads(), 1024);
    unsetenv("UV_THREADPOOL_SIZE");
    assert_int_equal(process_setup_pool_threads(), WORK_THREADS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_pool_has_room_for_all_shares),
        cmocka_unit_test(test_the_size_of_the_pool_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
