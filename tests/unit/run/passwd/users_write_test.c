#include "run/passwd/users_write.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char error[256];
static char folder[64];

static int enter(void **state)
{
    snprintf(folder, sizeof(folder), "/tmp/wsluice-users-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    static const char *const files[] = {"users", "theirs", "fifo", "large", "real/users"};
    for (size_t i = 0; i < WSL_COUNT(files); i++)
        (void)unlink(files[i]);
    (void)rmdir("real");
    (void)rmdir("folder");
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void put(const char *name, const char *text, mode_t mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void assert_text(const char *name, const char *wanted)
{
    char text[64] = "";
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t length = read(fd, text, sizeof(text) - 1);
    assert_int_equal(length, strlen(wanted));
    assert_string_equal(text, wanted);
    close(fd);
}

/* Nothing is left over beside the files of the test. */
static void assert_entries(unsigned wanted)
{
    unsigned count = 0;
    DIR *entries = opendir(".");
    assert_non_null(entries);
    while (readdir(entries))
        count++;
    closedir(entries);
    assert_int_equal(count, wanted + 2);
}

static void write_users(const char *path, const char *old, const char *text)
{
    struct users_write file;
    if (!users_write_open(&file, path, error, sizeof(error)))
        fail_msg("%s", error);
    assert_true(slice_equal((struct slice){file.text, file.length}, slice_of(old)));
    if (!users_write_replace(&file, slice_of(text), error, sizeof(error)))
        fail_msg("%s", error);
    users_write_close(&file);
}

static void assert_refused(const char *path, const char *part)
{
    struct users_write file;
    assert_false(users_write_open(&file, path, error, sizeof(error)));
    if (!strstr(error, part) || strncmp(error, path, strlen(path)) != 0)
        fail_msg("%s", error);
    users_write_close(&file);
}

static mode_t mode_of(const char *name)
{
    struct stat status;
    assert_int_equal(stat(name, &status), 0);
    return status.st_mode & 07777;
}

static void test_makes_a_new_file_for_its_owner(void **state)
{
    mode_t mask = umask(0);
    write_users("users", "", "ann:x\n");
    umask(mask);
    assert_text("users", "ann:x\n");
    assert_int_equal(mode_of("users"), 0600);
    assert_entries(1);
}

static void test_keeps_mode_and_owner(void **state)
{
    struct stat before, after;
    put("users", "ann:x\n", 0640);
    if (geteuid() == 0)
        assert_int_equal(chown("users", 0, 12345), 0);
    assert_int_equal(stat("users", &before), 0);
    write_users("users", "ann:x\n", "");
    assert_int_equal(stat("users", &after), 0);
    assert_int_equal(after.st_mode, before.st_mode);
    assert_int_equal(after.st_uid, before.st_uid);
    assert_int_equal(after.st_gid, before.st_gid);
    assert_true(after.st_ino != before.st_ino); /* a reader of the old file is not disturbed */
    assert_text("users", "");
    assert_entries(1);
}

static void test_follows_a_link_of_its_own(void **state)
{
    assert_int_equal(mkdir("real", 0700), 0);
    put("real/users", "ann:x\n", 0600);
    assert_int_equal(symlink("real/users", "users"), 0);
    write_users("users", "ann:x\n", "bob:x\n");
    struct stat link;
    assert_int_equal(lstat("users", &link), 0);
    assert_true(S_ISLNK(link.st_mode));
    assert_text("real/users", "bob:x\n");
}

static void test_refuses_what_is_no_file(void **state)
{
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_refused("folder", "not a regular file");
    assert_refused("fifo", "not a regular file");
    assert_refused("missing/users", "No such file");
    assert_refused("", "No such file");
    put("large", "", 0600);
    assert_int_equal(truncate("large", (16 << 20) + 1), 0);
    assert_refused("large", "too large");
}

static void test_refuses_files_of_others(void **state)
{
    if (geteuid() != 0)
        skip();
    put("users", "ann:x\n", 0600);
    assert_int_equal(chown("users", 12345, 12345), 0);
    write_users("users", "ann:x\n", "bob:x\n"); /* where only root may put it */
    assert_int_equal(chmod(folder, 0777), 0);
    assert_refused("users", "another user may change it");
    pid_t pid = fork();
    if (pid == 0) {
        bool linked = setgid(23456) == 0 && setuid(23456) == 0 && symlink("users", "theirs") == 0;
        _exit(linked ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    pid = fork();
    if (pid == 0) { /* a third user meets the link of the second */
        struct users_write file;
        bool refused = setgid(34567) == 0 && setuid(34567) == 0 &&
                       !users_write_open(&file, "theirs", error, sizeof(error)) &&
                       strstr(error, "symbolic links");
        _exit(refused ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_refused("theirs", "a link on this path");
}

/* Another command sees what this one has written, whether it had to wait for the lock or not. */
static void test_two_at_a_time_take_turns(void **state)
{
    struct users_write file;
    put("users", "one\n", 0600);
    assert_true(users_write_open(&file, "users", error, sizeof(error)));
    pid_t pid = fork();
    if (pid == 0) {
        struct users_write other;
        close(file.fd); /* the lock is the parent's */
        bool right = users_write_open(&other, "users", error, sizeof(error)) &&
                     slice_equal((struct slice){other.text, other.length}, SLICE("two\n")) &&
                     users_write_replace(&other, SLICE("three\n"), error, sizeof(error));
        _exit(right ? 0 : 1);
    }
    assert_true(users_write_replace(&file, SLICE("two\n"), error, sizeof(error)));
    users_write_close(&file);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_text("users", "three\n");
    assert_entries(1);
}

/* A file that appears after the look is not replaced. */
static void test_does_not_replace_a_file_that_it_has_not_read(void **state)
{
    struct users_write file;
    assert_true(users_write_open(&file, "users", error, sizeof(error)));
    put("users", "ann:x\n", 0600);
    assert_false(users_write_replace(&file, SLICE("bob:x\n"), error, sizeof(error)));
    assert_non_null(strstr(error, "File exists"));
    users_write_close(&file);
    assert_text("users", "ann:x\n");
    assert_entries(1);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_makes_a_new_file_for_its_owner),
        IN_FOLDER(test_keeps_mode_and_owner),
        IN_FOLDER(test_follows_a_link_of_its_own),
        IN_FOLDER(test_refuses_what_is_no_file),
        IN_FOLDER(test_refuses_files_of_others),
        IN_FOLDER(test_two_at_a_time_take_turns),
        IN_FOLDER(test_does_not_replace_a_file_that_it_has_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
