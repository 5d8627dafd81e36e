/* Files, pipes and lost lines; log_test adds the thread, syslog_test the server. */
#include "base/log/log_output.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/wsluice-output-XXXXXX";
static char path[64], moved[64];
static struct log_output output;
static int saved_stderr;

static int set_up(void **unused)
{
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/a.log", folder);
    snprintf(moved, sizeof(moved), "%s/b.log", folder);
    output = (struct log_output){.fd = STDERR_FILENO, .run_max = LOG_LINE_MAX};
    saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    return 0;
}

static int tear_down(void **unused)
{
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    if (output.owned)
        close(output.fd);
    unlink(path);
    unlink(moved);
    rmdir(folder);
    return 0;
}

static void report(uint64_t lines, struct log_entry *entry, char text[static LOG_LINE_MAX])
{
    int length = snprintf(text, LOG_LINE_MAX, "lost %u\n", (unsigned)lines);
    entry->text = (struct slice){text, (size_t)length};
}

static void open_file(const char *file)
{
    char error[256];
    const struct log_options options = {.target = LOG_FILE, .file = file};
    assert_true(log_output_open(&output, &options, error, sizeof(error)));
}

static void open_stderr(int fd)
{
    char error[256];
    const struct log_options options = {.target = LOG_STDERR};
    assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    assert_true(log_output_open(&output, &options, error, sizeof(error)));
}

static void write_line(const char *text, uint64_t lost)
{
    const struct log_entry entry = {.text = slice_of(text), .lost = lost};
    log_output_write(&output, &entry, 1, NULL, report);
}

static void expect_content(const char *file, const char *expected)
{
    char text[8192];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    assert_true(n >= 0);
    text[n] = '\0';
    assert_string_equal(text, expected);
}

static void test_appends_to_a_file(void **unused)
{
    open_file(path);
    write_line("one\n", 0);
    open_file(path);
    write_line("two\n", 0);
    expect_content(path, "one\ntwo\n");
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0137, 0);
}

static void test_many_lines_in_one_call(void **unused)
{
    struct log_entry entries[200];
    char expected[801] = "";
    for (size_t i = 0; i < WSL_COUNT(entries); i++) {
        entries[i] = (struct log_entry){.text = SLICE("abc\n")};
        memcpy(expected + 4 * i, "abc\n", 5);
    }
    open_file(path);
    log_output_write(&output, entries, WSL_COUNT(entries), NULL, report);
    expect_content(path, expected);
}

/* The count of lost lines is written where they are missing. */
static void test_lines_lost_before(void **unused)
{
    const struct log_entry entries[] = {
        {.text = SLICE("one\n")},
        {.text = SLICE("two\n"), .lost = 3},
        {.text = SLICE("three\n")},
    };
    open_file(path);
    log_output_write(&output, entries, WSL_COUNT(entries), NULL, report);
    expect_content(path, "one\nlost 3\ntwo\nthree\n");
}

static void test_a_failed_open_changes_nothing(void **unused)
{
    char error[256], none[96];
    snprintf(none, sizeof(none), "%s/none/x.log", folder);
    const struct log_options missing = {.target = LOG_FILE, .file = none};
    const struct log_options bad_server = {
        .target = LOG_FILE, .file = moved, .syslog = {.address = "no such address"}};
    open_file(path);
    assert_false(log_output_open(&output, &missing, error, sizeof(error)));
    assert_non_null(strstr(error, "cannot write the log file "));
    assert_non_null(strstr(error, none));
    assert_false(log_output_open(&output, &bad_server, error, sizeof(error)));
    assert_int_equal(access(moved, F_OK), -1);
    write_line("as before\n", 0);
    expect_content(path, "as before\n");
}

static void test_a_path_that_is_too_long(void **unused)
{
    static char path_of_as[PATH_MAX + 1];
    char error[256];
    memset(path_of_as, 'a', PATH_MAX);
    const struct log_options options = {.target = LOG_FILE, .file = path_of_as};
    assert_false(log_output_open(&output, &options, error, sizeof(error)));
}

static void test_reopen(void **unused)
{
    open_file(path);
    write_line("one\n", 0);
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(log_output_reopen(&output), 0);
    write_line("two\n", 0);
    expect_content(moved, "one\n");
    expect_content(path, "two\n");
}

static void test_reopen_that_fails(void **unused)
{
    open_file(path);
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_not_equal(log_output_reopen(&output), 0);
    write_line("still here\n", 0);
    rmdir(path);
    expect_content(moved, "still here\n");
}

static void test_reopen_of_anything_but_a_file(void **unused)
{
    open_stderr(saved_stderr);
    assert_int_equal(log_output_reopen(&output), 0);
    assert_int_equal(output.fd, STDERR_FILENO);
    assert_false(output.owned);
}

static size_t drain(int fd, char *text, size_t size)
{
    size_t length = 0;
    for (ssize_t n; (n = read(fd, text + length, size - 1 - length)) > 0;)
        length += (size_t)n;
    text[length] = '\0';
    return length;
}

/* Lines are lost whole, and only the first one is waited for. */
static void test_a_full_pipe(void **unused)
{
    static char text[1 << 20];
    int ends[2];
    memset(text, '\n', sizeof(text));
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    while (write(ends[1], text, sizeof(text)) > 0)
        ;
    open_stderr(ends[1]);
    for (unsigned i = 0; i < 100; i++)
        write_line("an unread line\n", 0);
    assert_int_equal(output.lost, 100);
    assert_true(drain(ends[0], text, sizeof(text)) > 0);
    write_line("now\n", 0);
    (void)drain(ends[0], text, sizeof(text));
    assert_string_equal(text, "lost 100\nnow\n");
    close(ends[0]);
    close(ends[1]);
}

/* A pipe that is about to be replaced is not waited for. */
static void test_a_full_pipe_that_is_to_be_replaced(void **unused)
{
    static char text[1 << 16];
    const atomic_uint moves = 1;
    const struct log_entry entry = {.text = SLICE("an unread line\n")};
    int ends[2];
    memset(text, '\n', sizeof(text));
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    while (write(ends[1], text, sizeof(text)) > 0)
        ;
    open_stderr(ends[1]);
    for (unsigned i = 0; i < 100; i++)
        log_output_write(&output, &entry, 1, &moves, report);
    open_file(path);
    write_line("moved\n", 0);
    expect_content(path, "lost 100\nmoved\n");
    close(ends[0]);
    close(ends[1]);
}

static void test_a_pipe_without_a_reader(void **unused)
{
    const atomic_uint moves = 0;
    const struct log_entry entry = {.text = SLICE("not wanted\n")};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    open_stderr(ends[1]);
    close(ends[0]);
    close(ends[1]);
    log_output_write(&output, &entry, 1, &moves, report);
    assert_int_equal(output.lost, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_appends_to_a_file),
        TEST(test_many_lines_in_one_call),
        TEST(test_lines_lost_before),
        TEST(test_a_failed_open_changes_nothing),
        TEST(test_a_path_that_is_too_long),
        TEST(test_reopen),
        TEST(test_reopen_that_fails),
        TEST(test_reopen_of_anything_but_a_file),
        TEST(test_a_full_pipe),
        TEST(test_a_full_pipe_that_is_to_be_replaced),
        TEST(test_a_pipe_without_a_reader),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
