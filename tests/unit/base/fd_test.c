#include "base/fd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

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

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void names_a_file_that_it_does_not_open(void **state)
{
    int fd = fd_locate(AT_FDCWD, "/dev/null", 0),
        link = fd_locate(AT_FDCWD, "/proc/self", O_NOFOLLOW);
    char byte;
    struct stat info;
    assert_true(fd >= 0 && link >= 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(read(fd, &byte, 1), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(fstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(fd_locate(fd, "x", 0), -1);
    assert_int_equal(errno, ENOTDIR);
    close(fd);
    close(link);
}

static void closes_a_range_at_once_or_on_exec(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    unsigned first = (unsigned)(ends[0] < ends[1] ? ends[0] : ends[1]);
    unsigned last = (unsigned)(ends[0] < ends[1] ? ends[1] : ends[0]);
    fd_close_range(first, last, FD_ON_EXEC);
    assert_int_equal(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(ends[1], F_GETFD), FD_CLOEXEC);
    fd_close_range(first, first, FD_NOW);
    assert_false(is_open((int)first));
    assert_true(is_open((int)last));
    fd_close_range(first, last, FD_NOW);
    assert_false(is_open((int)last));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closes_and_keeps_errno),
        cmocka_unit_test(a_close_that_fails_keeps_errno_as_well),
        cmocka_unit_test(closes_nothing_without_a_descriptor),
        cmocka_unit_test(names_a_file_that_it_does_not_open),
        cmocka_unit_test(closes_a_range_at_once_or_on_exec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
