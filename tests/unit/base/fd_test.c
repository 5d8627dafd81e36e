#include "base/fd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void closes_and_keeps_errno(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    errno = ENOENT;
    fd_close_keep_errno(ends[0]);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(close(ends[0]), -1);
    assert_int_equal(errno, EBADF);
    close(ends[1]);
}

static void a_close_that_fails_keeps_errno_as_well(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    close(ends[1]);
    errno = EPERM;
    fd_close_keep_errno(ends[0]);
    assert_int_equal(errno, EPERM);
}

static void closes_nothing_without_a_descriptor(void **state)
{
    errno = EACCES;
    fd_close_keep_errno(-1);
    assert_int_equal(errno, EACCES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closes_and_keeps_errno),
        cmocka_unit_test(a_close_that_fails_keeps_errno_as_well),
        cmocka_unit_test(closes_nothing_without_a_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
