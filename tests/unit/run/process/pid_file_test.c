#include "run/process/pid_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/wsluice-pid-XXXXXX";
static char path[64], other[64], error[256];
static int lock = -1;

static int set_up(void **unused)
{
    memcpy(folder, "/tmp/wsluice-pid-XXXXXX", sizeof(folder));
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/pid", folder);
    snprintf(other, sizeof(other), "%s/other", folder);
    error[0] = '\0';
    return 0;
}

static int tear_down(void **unused)
{
    unlink(path);
    unlink(other);
    return rmdir(folder);
}

static void put(const char *file, const char *text)
{
    FILE *stream = fopen(file, "w");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

static void assert_contains(const char *file, const char *text)
{
    char line[64] = "";
    FILE *stream = fopen(file, "r");
    assert_non_null(stream);
    (void)!fgets(line, sizeof(line), stream);
    fclose(stream);
    assert_string_equal(line, text);
}

static void test_it_names_this_process_until_it_is_removed(void **unused)
{
    char expected[32];
    snprintf(expected, sizeof(expected), "%ld\n", (long)getpid());
    assert_true(pid_file_write(path, NULL, &lock, error, sizeof(error)));
    assert_contains(path, expected);
    pid_file_remove(path, &lock);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void test_a_file_of_another_process_stays(void **unused)
{
    put(path, "1\n");
    pid_file_remove(path, &lock);
    assert_contains(path, "1\n");
    assert_true(pid_file_write(path, NULL, &lock, error, sizeof(error)));
    pid_file_remove(path, &lock);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* root gives the file to a user, who must not get another file by a hard link that way. */
static void test_a_hard_link_is_replaced_and_not_written(void **unused)
{
    put(other, "precious\n");
    assert_int_equal(link(other, path), 0);
    assert_true(pid_file_write(path, NULL, &lock, error, sizeof(error)));
    assert_contains(other, "precious\n");
}

static void test_only_a_regular_file_is_replaced(void **unused)
{
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(pid_file_write(path, NULL, &lock, error, sizeof(error)));
    assert_non_null(strstr(error, "not a regular file"));
    unlink(path);
    put(other, "precious\n");
    assert_int_equal(symlink(other, path), 0);
    assert_false(pid_file_write(path, NULL, &lock, error, sizeof(error)));
    assert_contains(other, "precious\n");
}

static void test_an_unknown_user(void **unused)
{
    assert_false(pid_file_write(path, "nosuchname", &lock, error, sizeof(error)));
    assert_non_null(strstr(error, "nosuchname"));
    assert_int_not_equal(access(path, F_OK), 0);
}

static void assert_not_signalled(const char *why)
{
    pid_t pid;
    assert_false(pid_file_signal(path, 0, &pid, error, sizeof(error)));
    assert_non_null(strstr(error, why));
}

static void test_files_without_a_process(void **unused)
{
    static const char *const bad[] = {"0\n",  "-5\n", "x\n", "12x\n", "99999999999999999999\n",
                                      " 7\n", "\n"};
    assert_not_signalled("there is none");
    put(path, "");
    assert_not_signalled("it is empty");
    for (size_t i = 0; i < WSL_COUNT(bad); i++) {
        put(path, bad[i]);
        assert_not_signalled("does not contain a process ID");
    }
    /* The first process of the system runs, and no process has the highest number. */
    put(path, "1\n");
    assert_not_signalled("no wsluice holds it");
    put(path, "4194304\n");
    assert_not_signalled("no wsluice holds it");
}

/* A process that writes the file, and waits to be ended. */
static pid_t start_writer(void)
{
    int ends[2];
    char byte;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (pid_file_write(path, NULL, &lock, error, sizeof(error)))
            (void)!write(ends[1], "1", 1);
        pause();
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    return child;
}

static void test_the_holder_of_the_lock_is_signalled(void **unused)
{
    char named[32];
    pid_t pid, child = start_writer();
    int status;
    assert_true(pid_file_signal(path, 0, &pid, error, sizeof(error)));
    assert_int_equal(pid, child);
    /* Who may write the file cannot make others signal a process that does not hold it. */
    snprintf(named, sizeof(named), "%ld\n", (long)getppid());
    put(path, named);
    assert_not_signalled("no wsluice holds it");
    snprintf(named, sizeof(named), "%ld\n", (long)child);
    put(path, named);
    assert_true(pid_file_signal(path, SIGKILL, &pid, error, sizeof(error)));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_not_signalled("no wsluice holds it");
}

/* Both write into the same file, as when the folder is closed to them. */
static void test_a_successor_holds_it_beside_its_predecessor(void **unused)
{
    pid_t pid, old = start_writer();
    int fd = open(path, O_RDONLY | O_CLOEXEC), status;
    pid_t new = start_writer();
    assert_true(pid_file_signal(path, 0, &pid, error, sizeof(error)));
    assert_int_equal(pid, new);
    close(fd);
    assert_int_equal(kill(old, SIGKILL), 0);
    assert_int_equal(waitpid(old, &status, 0), old);
    assert_true(pid_file_signal(path, SIGKILL, &pid, error, sizeof(error)));
    assert_int_equal(pid, new);
    assert_int_equal(waitpid(new, &status, 0), new);
}

/* Users who may read the file may take a lock for readers. */
static void test_a_lock_of_a_reader_is_none(void **unused)
{
    char named[32];
    int status, ready[2];
    char byte;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    put(path, "1\n");
    pid_t child = fork();
    if (child == 0) {
        struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fcntl(fd, F_SETLK, &whole) == 0)
            (void)!write(ready[1], "1", 1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    snprintf(named, sizeof(named), "%ld\n", (long)child);
    put(path, named);
    assert_not_signalled("no wsluice holds it");
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(ready[0]);
    close(ready[1]);
}

/* Opening a FIFO for reading would wait for a writer. */
static void test_a_fifo_does_not_block(void **unused)
{
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_not_signalled("it is empty");
    pid_file_remove(path, &lock);
    assert_int_equal(access(path, F_OK), 0);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_it_names_this_process_until_it_is_removed),
        TEST(test_a_file_of_another_process_stays),
        TEST(test_a_hard_link_is_replaced_and_not_written),
        TEST(test_only_a_regular_file_is_replaced),
        TEST(test_an_unknown_user),
        TEST(test_files_without_a_process),
        TEST(test_the_holder_of_the_lock_is_signalled),
        TEST(test_a_successor_holds_it_beside_its_predecessor),
        TEST(test_a_lock_of_a_reader_is_none),
        TEST(test_a_fifo_does_not_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
