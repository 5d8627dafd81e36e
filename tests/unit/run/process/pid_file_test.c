#include "run/process/pid_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/wsluice-pid-XXXXXX";
static char path[64], other[64], error[256];

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
    pid_t pid;
    snprintf(expected, sizeof(expected), "%ld\n", (long)getpid());
    assert_true(pid_file_write(path, NULL, error, sizeof(error)));
    assert_contains(path, expected);
    assert_true(pid_file_signal(path, 0, &pid, error, sizeof(error)));
    assert_int_equal(pid, getpid());
    pid_file_remove(path);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void test_a_file_of_another_process_stays(void **unused)
{
    put(path, "1\n");
    pid_file_remove(path);
    assert_contains(path, "1\n");
    assert_true(pid_file_write(path, NULL, error, sizeof(error)));
    pid_file_remove(path);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* root gives the file to a user, who must not get another file by a hard link that way. */
static void test_a_hard_link_is_replaced_and_not_written(void **unused)
{
    put(other, "precious\n");
    assert_int_equal(link(other, path), 0);
    assert_true(pid_file_write(path, NULL, error, sizeof(error)));
    assert_contains(other, "precious\n");
}

static void test_only_a_regular_file_is_replaced(void **unused)
{
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(pid_file_write(path, NULL, error, sizeof(error)));
    assert_non_null(strstr(error, "not a regular file"));
    unlink(path);
    put(other, "precious\n");
    assert_int_equal(symlink(other, path), 0);
    assert_false(pid_file_write(path, NULL, error, sizeof(error)));
    assert_contains(other, "precious\n");
}

static void test_an_unknown_user(void **unused)
{
    assert_false(pid_file_write(path, "nosuchname", error, sizeof(error)));
    assert_non_null(strstr(error, "nosuchname"));
    assert_int_not_equal(access(path, F_OK), 0);
}

static void assert_not_signalled(const char *why)
{
    pid_t pid;
    assert_false(pid_file_signal(path, 0, &pid, error, sizeof(error)));
    assert_non_null(strstr(error, why));
}

static void test_which_processes_are_signalled(void **unused)
{
    static const char *const bad[] = {"0\n", "-5\n", "x\n", "12x\n", "99999999999999999999\n"};
    assert_not_signalled("there is none");
    put(path, "");
    assert_not_signalled("it is empty");
    for (size_t i = 0; i < WSL_COUNT(bad); i++) {
        put(path, bad[i]);
        assert_not_signalled(path);
    }
    /* The first process of the system has another name, and no process has the highest number. */
    put(path, "1\n");
    assert_not_signalled("is no wsluice");
    put(path, "4194304\n");
    assert_not_signalled("does not run");
}

/* Opening a FIFO for reading would wait for a writer. */
static void test_a_fifo_does_not_block(void **unused)
{
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_not_signalled("it is empty");
    pid_file_remove(path);
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
        TEST(test_which_processes_are_signalled),
        TEST(test_a_fifo_does_not_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
