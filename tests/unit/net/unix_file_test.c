/* The file of a listening Unix socket: changed and removed, and no other in its place. */
#include "net/unix_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"
#include "net/addr.h"

static char folder[64], path[80], other[80];
static struct unix_file file;

static const struct unix_file_rights nothing = {UNIX_FILE_SAME_MODE, (uid_t)-1, (gid_t)-1};

static int set_up(void **unused)
{
    snprintf(folder, sizeof(folder), "/tmp/wsluice-unix-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/socket", folder);
    snprintf(other, sizeof(other), "%s/other", folder);
    file = (struct unix_file){0};
    return 0;
}

static int tear_down(void **unused)
{
    unix_file_forget(&file);
    unlink(path);
    unlink(other);
    return rmdir(folder);
}

static int bind_at(const char *name)
{
    struct sockaddr_un address;
    socklen_t length = 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && addr_unix(&address, &length, name));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    return fd;
}

static void write_at(const char *name)
{
    FILE *text = fopen(name, "w");
    assert_non_null(text);
    fclose(text);
}

static bool exists(const char *name)
{
    struct stat status;
    return lstat(name, &status) == 0;
}

static void test_taken_changed_removed(void **unused)
{
    struct stat status;
    int fd = bind_at(path);
    assert_true(unix_file_own(&file, path, true));
    struct unix_file_rights rights = nothing;
    rights.mode = 0600;
    assert_true(unix_file_change(&file, &rights));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    rights = nothing;
    rights.user = geteuid();
    rights.group = getegid();
    assert_true(unix_file_change(&file, &rights));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    unix_file_remove(&file);
    assert_false(exists(path));
    close(fd);
}

static void test_only_a_fresh_socket_is_taken(void **unused)
{
    assert_false(unix_file_own(&file, path, true));
    assert_int_equal(errno, ENOENT);
    write_at(path);
    assert_false(unix_file_own(&file, path, true));
    assert_int_equal(errno, EPERM);
    unlink(path);
    int fd = bind_at(path);
    assert_int_equal(symlink(path, other), 0);
    assert_false(unix_file_own(&file, other, true));
    unlink(other);
    /* A second name: what was bound may be in somebody's hand. */
    assert_int_equal(link(path, other), 0);
    assert_false(unix_file_own(&file, path, true));
    assert_int_equal(errno, EPERM);
    assert_true(unix_file_own(&file, path, false));
    close(fd);
}

static void test_another_file_in_its_place(void **unused)
{
    int fd = bind_at(path);
    assert_true(unix_file_own(&file, path, true));
    unlink(path);
    int second = bind_at(path);
    assert_false(unix_file_change(&file, &nothing));
    assert_int_equal(errno, EPERM);
    unix_file_remove(&file);
    assert_true(exists(path));
    close(second);
    close(fd);
}

static void test_yielded(void **unused)
{
    struct stat status;
    assert_false(unix_file_is_yielded(path));
    write_at(path);
    assert_int_equal(chmod(path, 01600), 0);
    assert_false(unix_file_is_yielded(path)); /* no socket */
    unlink(path);
    int fd = bind_at(path);
    assert_int_equal(chmod(path, 0640), 0);
    assert_true(unix_file_own(&file, path, true));
    assert_false(unix_file_is_yielded(path));
    assert_true(unix_file_yield(&file));
    assert_true(unix_file_is_yielded(path));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 01640);
    unlink(path);
    int second = bind_at(path);
    assert_false(unix_file_yield(&file));
    assert_false(unix_file_is_yielded(path));
    unix_file_remove(&file);
    assert_true(exists(path));
    close(second);
    close(fd);
}

static void test_forgotten(void **unused)
{
    int fd = bind_at(path);
    assert_true(unix_file_own(&file, path, true));
    unix_file_forget(&file);
    unix_file_remove(&file);
    assert_true(exists(path));
    close(fd);
}

static void test_unlinking(void **unused)
{
    assert_true(unix_file_unlink(path));
    write_at(path);
    assert_false(unix_file_unlink(path));
    assert_int_equal(errno, EPERM);
    unlink(path);
    close(bind_at(path));
    assert_true(unix_file_unlink(path));
    assert_false(exists(path));
}

static void test_without_memory(void **unused)
{
    int fd = bind_at(path);
    for (unsigned n = 1;; n++) {
        failing_alloc_arm(n);
        bool taken = unix_file_own(&file, path, true);
        if (!failing_alloc_disarm()) {
            assert_true(taken);
            break;
        }
        assert_false(taken);
        assert_null(file.path);
    }
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_taken_changed_removed),
        TEST(test_only_a_fresh_socket_is_taken),
        TEST(test_another_file_in_its_place),
        TEST(test_yielded),
        TEST(test_forgotten),
        TEST(test_unlinking),
        TEST(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
