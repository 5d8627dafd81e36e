/* The size of libuv's pool: as many threads as work_share divides, or more; closed descriptors. */
#include "run/process/process_setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* In a child: the standard descriptors of the test stay. */
static void test_closed_descriptors_are_told(void **unused)
{
    const unsigned masks[] = {0, 1, 2, 4, 5, 7};
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            for (int fd = 0; fd <= STDERR_FILENO; fd++)
                if (masks[i] & 1U << fd)
                    close(fd);
            _exit((int)process_setup_fill_standard_descriptors());
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), masks[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_pool_has_room_for_all_shares),
        cmocka_unit_test(test_the_size_of_the_pool_is_known),
        cmocka_unit_test(test_closed_descriptors_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
