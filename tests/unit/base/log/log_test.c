/* Lines in both formats, their targets, and targets that do not read. */
#include "base/log/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "lib/log_lab.h"

static char folder[] = "/tmp/wsluice-log-XXXXXX";
static char path[64], moved[64];

static int set_up(void **unused)
{
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/a.log", folder);
    snprintf(moved, sizeof(moved), "%s/b.log", folder);
    return 0;
}

static int tear_down(void **unused)
{
    log_stop();
    log_lab_restore();
    unlink(path);
    unlink(moved);
    rmdir(folder);
    return 0;
}

static void open_log(bool json, enum reason_level lowest)
{
    char error[256];
    const struct log_options options = {
        .lowest = lowest, .json = json, .target = LOG_FILE, .file = path};
    assert_true(log_open(&options, error, sizeof(error)));
}

/* The content of a file. A line of text begins with 24 characters of time. */
static char *content(const char *file)
{
    static char text[16384];
    int fd = open(file, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    assert_true(n >= 0);
    text[n] = '\0';
    return text;
}

static void write_session(const char *detail)
{
    struct log_line line;
    log_begin(&line, REASON_INFO, "session");
    log_text(&line, "client", "127.0.0.1:5");
    log_text(&line, "detail", detail);
    log_number(&line, "bytes_up", 12);
    log_end(&line);
}

static void test_text(void **unused)
{
    open_log(false, REASON_INFO);
    write_session("two \"words\"\n\\ \x1b");
    assert_string_equal(content(path) + 24,
                        " info  session client=127.0.0.1:5 "
                        "detail=\"two \\\"words\\\"\\x0a\\\\ \\x1b\" bytes_up=12\n");
}

/* What programs look for in the log stands there as it is. */
static void test_plain(void **unused)
{
    open_log(false, REASON_INFO);
    log_plain(REASON_INFO, SLICE("  - proxying\n\x1b"));
    log_plain(REASON_DEBUG, SLICE("no"));
    assert_string_equal(content(path), "  - proxying\\x0a\\x1b\n");
    open_log(true, REASON_INFO);
    log_plain(REASON_WARN, SLICE("a \"b\""));
    assert_non_null(strstr(content(path), ",\"level\":\"warn\",\"message\":\"a \\\"b\\\"\"}\n"));
}

static void test_json(void **unused)
{
    open_log(true, REASON_INFO);
    write_session("two \"words\"\n\\");
    log_message(REASON_ERROR, "odd: %s", "\x07");
    static const char session[] = ",\"level\":\"info\",\"event\":\"session\","
                                  "\"client\":\"127.0.0.1:5\","
                                  "\"detail\":\"two \\\"words\\\"\\u000a\\\\\",\"bytes_up\":12}\n";
    static const char prose[] = ",\"level\":\"error\",\"message\":\"odd: \\u0007\"}\n";
    const char *text = content(path);
    assert_memory_equal(text, "{\"time\":\"20", 11);
    text = strstr(text, "Z\"") + 2;
    assert_memory_equal(text, session, sizeof(session) - 1);
    assert_string_equal(strstr(text + sizeof(session), "Z\"") + 2, prose);
}

static void test_level(void **unused)
{
    open_log(false, REASON_WARN);
    write_session("x");
    log_message(REASON_INFO, "no");
    log_message(REASON_WARN, "yes");
    assert_string_equal(content(path) + 24, " warn  yes\n");
}

static void test_a_field_that_does_not_fit(void **unused)
{
    char value[LOG_LINE_MAX];
    struct log_line line;
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    open_log(false, REASON_INFO);
    log_begin(&line, REASON_INFO, "session");
    log_text(&line, "detail", value);
    log_number(&line, "bytes_up", 1);
    log_end(&line);
    assert_string_equal(content(path) + 24, " info  session bytes_up=1\n");
}

static void test_reopen(void **unused)
{
    open_log(false, REASON_INFO);
    log_message(REASON_INFO, "one");
    assert_int_equal(rename(path, moved), 0);
    log_message(REASON_INFO, "two");
    log_reopen();
    log_message(REASON_INFO, "three");
    assert_string_equal(content(path) + 24, " info  three\n");
    assert_non_null(strstr(content(moved), "one\n"));
    assert_non_null(strstr(content(moved), "two\n"));
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0137, 0);
}

static void test_reopen_that_fails(void **unused)
{
    open_log(false, REASON_INFO);
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    log_reopen();
    log_message(REASON_INFO, "still here");
    rmdir(path);
    assert_non_null(strstr(content(moved), "cannot reopen the log file: "));
    assert_non_null(strstr(content(moved), "still here\n"));
}

static void test_a_bad_target_changes_nothing(void **unused)
{
    char error[256], none[96];
    open_log(false, REASON_INFO);
    snprintf(none, sizeof(none), "%s/none/x.log", folder);
    const struct log_options options = {.json = true, .target = LOG_FILE, .file = none};
    assert_false(log_open(&options, error, sizeof(error)));
    assert_non_null(strstr(error, none));
    assert_non_null(strstr(error, "No such file"));
    log_message(REASON_INFO, "as before");
    assert_string_equal(content(path) + 24, " info  as before\n");
}

static void test_a_full_pipe(void **unused)
{
    int ends[2];
    char buffer[65536];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    memset(buffer, 'x', sizeof(buffer));
    while (write(ends[1], buffer, sizeof(buffer)) > 0)
        ;
    log_lab_to(ends[1], REASON_INFO);
    for (unsigned i = 0; i < 5; i++)
        log_message(REASON_INFO, "an unread line");
    while (read(ends[0], buffer, sizeof(buffer)) > 0)
        ;
    log_message(REASON_INFO, "now");
    ssize_t n = read(ends[0], buffer, sizeof(buffer) - 1);
    assert_true(n > 0);
    buffer[n] = '\0';
    assert_non_null(strstr(buffer, " error log_dropped lines=5\n"));
    assert_non_null(strstr(buffer, " info  now\n"));
    close(ends[0]);
    close(ends[1]);
}

/* ---- threads ---- */

#define THREADS 4
#define LINES   300

static void *write_lines(void *unused)
{
    for (unsigned i = 0; i < LINES; i++)
        write_session("x");
    return unused;
}

static size_t lines_in(const char *file)
{
    FILE *stream = fopen(file, "r");
    char line[LOG_LINE_MAX + 2];
    size_t lines = 0;
    assert_non_null(stream);
    while (fgets(line, sizeof(line), stream)) {
        assert_true(strstr(line, "\"bytes_up\":12}\n") || strstr(line, " bytes_up=12\n"));
        lines++;
    }
    fclose(stream);
    return lines;
}

/* Rotation and a change of format while threads log: no line is lost or mixed. */
static void test_rotation_under_load(void **unused)
{
    pthread_t threads[THREADS];
    open_log(false, REASON_INFO);
    while (!log_flush())
        ;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, NULL), 0);
    assert_int_equal(rename(path, moved), 0);
    for (unsigned i = 0; i < 20; i++) {
        log_reopen();
        open_log(i % 2, REASON_INFO);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    while (!log_flush())
        ;
    assert_int_equal(lines_in(path) + lines_in(moved), THREADS * LINES);
}

static void test_rotation_with_the_writer(void **unused)
{
    assert_true(log_start());
    test_rotation_under_load(unused);
}

/* ---- the writer's thread ---- */

/* Each of two files in turn holds its own lines, in order. */
static void test_order_with_the_writer(void **unused)
{
    char error[256];
    const struct log_options json = {.json = true, .target = LOG_FILE, .file = moved};
    open_log(false, REASON_INFO);
    assert_true(log_start());
    log_message(REASON_INFO, "one");
    log_message(REASON_INFO, "two");
    assert_true(log_open(&json, error, sizeof(error)));
    log_message(REASON_INFO, "three");
    open_log(false, REASON_INFO);
    log_message(REASON_INFO, "four");
    log_stop();
    const char *text = content(path);
    const char *one = strstr(text, " info  one\n"), *two = strstr(text, " info  two\n");
    const char *four = strstr(text, " info  four\n");
    assert_true(one && two && four && one < two && two < four);
    assert_non_null(strstr(content(moved), "\"message\":\"three\"}\n"));
}

/* The thread finds out: the log goes on in its format. */
static void test_a_bad_target_with_the_writer(void **unused)
{
    char error[256], none[96];
    open_log(false, REASON_INFO);
    snprintf(none, sizeof(none), "%s/none/x.log", folder);
    const struct log_options options = {.json = true, .target = LOG_FILE, .file = none};
    assert_true(log_start());
    assert_true(log_open(&options, error, sizeof(error)));
    while (!log_flush())
        ;
    log_message(REASON_INFO, "as before");
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    log_reopen();
    log_stop();
    rmdir(path);
    const char *text = content(moved);
    assert_non_null(strstr(text, " error the log stays as it was: cannot write the log file "));
    assert_non_null(strstr(text, " info  as before\n"));
    assert_non_null(strstr(text, " error cannot reopen the log file: "));
}

static void drain_pipe(int fd)
{
    char buffer[65536];
    do
        while (read(fd, buffer, sizeof(buffer)) > 0)
            ;
    while (!log_flush());
}

static void fill_pipe(int ends[static 2])
{
    char buffer[65536];
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    memset(buffer, '\n', sizeof(buffer));
    while (write(ends[1], buffer, sizeof(buffer)) > 0)
        ;
}

/* Both fail while the thread is busy: the log keeps its target and format. */
static void test_two_bad_targets_with_the_writer(void **unused)
{
    char error[256], none[96], buffer[65536];
    int ends[2];
    snprintf(none, sizeof(none), "%s/none/x.log", folder);
    const struct log_options json = {.json = true, .target = LOG_FILE, .file = none};
    fill_pipe(ends);
    log_lab_to(ends[1], REASON_INFO);
    assert_true(log_start());
    log_message(REASON_INFO, "keeps the thread busy");
    assert_true(log_open(&json, error, sizeof(error)));
    assert_true(log_open(&json, error, sizeof(error)));
    drain_pipe(ends[0]);
    log_message(REASON_INFO, "as before");
    log_stop();
    ssize_t n = read(ends[0], buffer, sizeof(buffer) - 1);
    assert_true(n > 0);
    buffer[n] = '\0';
    assert_non_null(strstr(buffer, " info  as before\n"));
    close(ends[0]);
    close(ends[1]);
}

/* The first fails after the second was requested: the format of the second stays. */
static void test_a_bad_target_and_a_good_one_with_the_writer(void **unused)
{
    char error[256], none[96];
    int ends[2];
    snprintf(none, sizeof(none), "%s/none/x.log", folder);
    const struct log_options bad = {.target = LOG_FILE, .file = none};
    fill_pipe(ends);
    log_lab_to(ends[1], REASON_INFO);
    assert_true(log_start());
    log_message(REASON_INFO, "keeps the thread busy");
    assert_true(log_open(&bad, error, sizeof(error)));
    open_log(true, REASON_INFO);
    drain_pipe(ends[0]);
    log_message(REASON_INFO, "moved");
    log_stop();
    assert_non_null(strstr(content(path), ",\"message\":\"moved\"}\n"));
    close(ends[0]);
    close(ends[1]);
}

/* Nobody reads the pipe any more: a reload moves the log, with the count of lost lines. */
static void test_a_full_pipe_is_left_for_another_target(void **unused)
{
    for (int blocking = 0; blocking < 2; blocking++) {
        int ends[2];
        fill_pipe(ends);
        assert_int_equal(fcntl(ends[1], F_SETFL, blocking ? 0 : O_NONBLOCK), 0);
        log_lab_to(ends[1], REASON_INFO);
        assert_true(log_start());
        for (unsigned i = 0; i < 1000; i++)
            log_message(REASON_INFO, "an unread line");
        assert_false(log_flush());
        open_log(false, REASON_INFO);
        log_message(REASON_INFO, "moved");
        assert_true(log_flush());
        log_stop();
        assert_non_null(strstr(content(path), " error log_dropped lines=1000\n"));
        assert_non_null(strstr(content(path), " info  moved\n"));
        log_lab_restore();
        close(ends[0]);
        close(ends[1]);
        unlink(path);
    }
}

struct reading {
    int fd;
    uint64_t *lines, *dropped;
};

static void expect_in(int fd, const char *last, uint64_t *lines, uint64_t *dropped)
{
    char line[LOG_LINE_MAX + 2];
    FILE *stream = fdopen(fd, "r");
    assert_non_null(stream);
    while (fgets(line, sizeof(line), stream)) {
        const char *count = strstr(line, "log_dropped lines=");
        if (count)
            *dropped += strtoull(strchr(count, '=') + 1, NULL, 10);
        else
            ++*lines;
        if (strstr(line, last))
            break;
    }
    fclose(stream);
}

static void *read_lines(void *argument)
{
    struct reading *reading = argument;
    expect_in(reading->fd, "the last one", reading->lines, reading->dropped);
    return NULL;
}

/* After Ctrl-S a write blocks for ever. Lines queue up to a limit, the rest is counted. */
static void test_a_stopped_terminal(void **unused)
{
    static char text[1000];
    const uint64_t total = 10000; /* 10 MB */
    uint64_t lines = 0, dropped = 0;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0);
    assert_int_equal(tcflow(terminal, TCOOFF), 0);
    log_lab_to(terminal, REASON_INFO);
    assert_true(log_start());
    memset(text, 'x', sizeof(text) - 1);
    for (uint64_t i = 0; i < total; i++)
        log_message(REASON_INFO, "%s", text);
    assert_int_equal(tcflow(terminal, TCOON), 0);
    pthread_t reader;
    struct reading reading = {master, &lines, &dropped};
    assert_int_equal(pthread_create(&reader, NULL, read_lines, &reading), 0);
    while (!log_flush())
        ;
    log_message(REASON_INFO, "the last one");
    pthread_join(reader, NULL);
    assert_true(dropped > 0);
    assert_int_equal(lines + dropped, total + 1);
    log_stop();
    close(terminal);
}

/* The pipe is blocking and shared with other processes: no line is lost, and no caller waits. */
static void test_a_full_pipe_with_the_writer(void **unused)
{
    int ends[2];
    char buffer[65536];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    memset(buffer, '\n', sizeof(buffer));
    ssize_t n, filled = 0;
    while ((n = write(ends[1], buffer, sizeof(buffer))) > 0)
        filled += n;
    assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
    log_lab_to(ends[1], REASON_INFO);
    assert_true(log_start());
    for (unsigned i = 0; i < 5; i++)
        log_message(REASON_INFO, "line %u", i);
    assert_int_equal(fcntl(ends[0], F_SETFL, 0), 0);
    uint64_t lines = 0, dropped = 0;
    expect_in(ends[0], "line 4", &lines, &dropped);
    assert_int_equal(lines, (uint64_t)filled + 5);
    assert_int_equal(dropped, 0);
    log_stop();
    close(ends[1]);
}

/* The lines before a failed assertion are written. */
static void test_a_crash(void **unused)
{
    int status;
    open_log(false, REASON_INFO);
    pid_t child = fork();
    if (child == 0) {
        if (log_start())
            write_lines(NULL);
        abort();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_int_equal(lines_in(path), LINES);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_text),
        TEST(test_plain),
        TEST(test_json),
        TEST(test_level),
        TEST(test_a_field_that_does_not_fit),
        TEST(test_reopen),
        TEST(test_reopen_that_fails),
        TEST(test_a_bad_target_changes_nothing),
        TEST(test_a_full_pipe),
        TEST(test_rotation_under_load),
        TEST(test_rotation_with_the_writer),
        TEST(test_order_with_the_writer),
        TEST(test_a_bad_target_with_the_writer),
        TEST(test_two_bad_targets_with_the_writer),
        TEST(test_a_bad_target_and_a_good_one_with_the_writer),
        TEST(test_a_full_pipe_is_left_for_another_target),
        TEST(test_a_stopped_terminal),
        TEST(test_a_full_pipe_with_the_writer),
        TEST(test_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
