#include "base/safe_path.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { LESSER = 65534 };

static char folder[] = "/tmp/safe_path_test.XXXXXX", canary[64], name[96], below[128];

/* A canary in our own folder, and in that a folder of an unprivileged user. */
static int set_up(void **unused)
{
    assert_non_null(mkdtemp(folder));
    snprintf(canary, sizeof(canary), "%s/canary", folder);
    snprintf(name, sizeof(name), "%s/theirs", folder);
    snprintf(below, sizeof(below), "%s/name", name);
    int fd = open(canary, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(mkdir(name, 0755), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(name, LESSER, LESSER), 0);
    return 0;
}

static int tear_down(void **unused)
{
    unlink(below);
    rmdir(name);
    unlink(canary);
    rmdir(folder);
    memcpy(strrchr(folder, '.') + 1, "XXXXXX", 6);
    return 0;
}

static void expect_refusal(int error)
{
    assert_int_equal(safe_path_open(below, O_WRONLY, 0600, NULL), -1);
    assert_int_equal(errno, error);
}

static void test_links_of_another_user(void **unused)
{
    if (geteuid() != 0)
        skip();
    assert_int_equal(symlink(canary, below), 0);
    expect_refusal(ELOOP);
    assert_int_equal(safe_path_make(below, O_WRONLY, 0600), -1);
    assert_int_equal(errno, EEXIST);
    unlink(below);
    assert_int_equal(link(canary, below), 0);
    expect_refusal(EPERM);
}

/* The name is a link to root's folder: the path leads through it, and nothing is created there. */
static void test_a_folder_that_is_a_link(void **unused)
{
    char through[160];
    if (geteuid() != 0)
        skip();
    snprintf(through, sizeof(through), "%s/made", below);
    assert_int_equal(symlink(folder, below), 0);
    assert_int_equal(safe_path_open(through, O_WRONLY, 0600, NULL), -1);
    assert_int_equal(errno, ELOOP);
}

static void test_own_links(void **unused)
{
    char own[64];
    snprintf(own, sizeof(own), "%s/own", folder);
    assert_int_equal(symlink(canary, own), 0);
    int fd = safe_path_open(own, O_WRONLY, 0600, NULL);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    unlink(own);
}

static void test_a_new_file(void **unused)
{
    struct stat status;
    const struct safe_path_owner owner = {geteuid() == 0 ? LESSER : geteuid(), getegid()};
    int fd = safe_path_open(below, O_WRONLY, 0600, &owner);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    assert_true(status.st_uid == owner.user || geteuid() != 0);
    close(fd);
    fd = safe_path_open(below, O_WRONLY, 0600, &owner);
    assert_true(fd >= 0);
    close(fd);
}

static void test_close_keeps_errno(void **unused)
{
    struct safe_path found;
    assert_true(safe_path_find(&found, below, true));
    int fd = found.folder;
    errno = ENOENT;
    safe_path_close(&found);
    safe_path_close(&found);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(close(fd), -1);
}

static void test_no_file(void **unused)
{
    struct safe_path found;
    assert_false(safe_path_find(&found, "", true));
    assert_false(safe_path_find(&found, "/", true));
    assert_false(safe_path_find(&found, "/nowhere/at/all", true));
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_links_of_another_user),
        TEST(test_a_folder_that_is_a_link),
        TEST(test_own_links),
        TEST(test_a_new_file),
        TEST(test_close_keeps_errno),
        TEST(test_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
