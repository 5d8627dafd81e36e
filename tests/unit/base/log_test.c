#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define STAMP_TEXT "2026-01-01T00:00:00.000Z " /* as long as every time of a text line */
#define WRITERS    4
#define LINES      200

static int reader, writer;
static char text[1 << 20];

static int set_up(void **unused)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    reader = ends[0];
    writer = ends[1];
    assert_int_equal(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
    return 0;
}

static int tear_down(void **unused)
{
    log_setup(STDERR_FILENO, REASON_INFO, false);
    close(reader);
    if (writer >= 0)
        close(writer);
    return 0;
}

/* What was logged since the last call. */
static const char *logged(void)
{
    size_t length = 0;
    ssize_t n;
    while ((n = read(reader, text + length, sizeof(text) - 1 - length)) > 0)
        length += (size_t)n;
    text[length] = '\0';
    return text;
}

static void log_something(const char *key, const char *value, uint64_t number)
{
    struct log_line line;
    log_begin(&line, REASON_WARN, "session");
    log_text(&line, key, value);
    log_number(&line, "n", number);
    log_end(&line);
}

static void test_text(void **unused)
{
    log_setup(writer, REASON_INFO, false);
    log_something("client", "[::1]:80", UINT64_MAX);
    const char *line = logged();
    assert_int_equal(line[strlen(STAMP_TEXT) - 2], 'Z');
    assert_string_equal(line + strlen(STAMP_TEXT),
                        "warn  session client=[::1]:80 n=18446744073709551615\n");
    log_message(REASON_INFO, "listening on %s", "x");
    assert_string_equal(logged() + strlen(STAMP_TEXT), "info  listening on x\n");
}

static void test_json(void **unused)
{
    log_setup(writer, REASON_INFO, true);
    log_something("client", "[::1]:80", 7);
    const char *line = strstr(logged(), ",\"level\"");
    assert_non_null(line);
    assert_string_equal(
        line, ",\"level\":\"warn\",\"event\":\"session\",\"client\":\"[::1]:80\",\"n\":7}\n");
    log_message(REASON_ERROR, "a \"word\"");
    assert_non_null(strstr(logged(), ",\"message\":\"a \\\"word\\\"\"}\n"));
}

/* Nothing that a peer chose can end a line, a value or a terminal's patience. */
static void test_escapes(void **unused)
{
    log_setup(writer, REASON_INFO, false);
    log_something("d", "a b\"c\\d\n\x1b[2J\xff", 0);
    assert_non_null(strstr(logged(), " d=\"a b\\\"c\\\\d\\x0a\\x1b[2J\\xff\" n=0\n"));
    log_something("d", "", 0);
    assert_non_null(strstr(logged(), " d=\"\" n=0\n"));
    log_message(REASON_INFO, "two\nlines");
    assert_non_null(strstr(logged(), "two\\x0alines\n"));
    log_setup(writer, REASON_INFO, true);
    log_something("d", "a\"\\\n\xff", 0);
    assert_non_null(strstr(logged(), ",\"d\":\"a\\\"\\\\\\u000a\\u00ff\",\"n\":0}\n"));
}

static void test_levels(void **unused)
{
    log_setup(writer, REASON_ERROR, false);
    assert_false(log_enabled(REASON_WARN));
    assert_true(log_enabled(REASON_ERROR));
    log_something("a", "b", 1);
    log_message(REASON_INFO, "quiet");
    assert_string_equal(logged(), "");
}

/* However long a value is: the line stays whole, the field that does not fit is left out. */
static void test_what_does_not_fit(void **unused)
{
    char value[2 * LOG_LINE_MAX];
    for (int json = 0; json < 2; json++)
        for (size_t length = LOG_LINE_MAX - 120; length < LOG_LINE_MAX + 10; length++) {
            memset(value, 'v', length);
            value[length] = '\0';
            log_setup(writer, REASON_INFO, json);
            log_something("d", value, 12345);
            const char *line = logged();
            size_t end = strlen(line);
            assert_true(end <= LOG_LINE_MAX);
            assert_int_equal(line[end - 1], '\n');
            assert_ptr_equal(strchr(line, '\n'), line + end - 1);
            if (json)
                assert_int_equal(line[end - 2], '}');
            const char *first = strchr(line, 'v');
            if (first && strspn(first, "v") > 1)
                assert_int_equal(strspn(first, "v"), length); /* all of it or nothing */
        }
}

/* A reader that sleeps costs lines, never the program; it hears how many when it wakes. */
static void test_a_reader_that_sleeps(void **unused)
{
    unsigned lines = 0, written = 0;
    log_setup(writer, REASON_INFO, false);
    for (; lines < 5000; lines++)
        log_something("a", "some bytes to fill the pipe", lines);
    for (const char *c = logged(); *c; c++)
        written += *c == '\n';
    assert_true(written > 100 && written < lines);
    log_something("a", "awake", 1);
    const char *now = logged();
    char expected[64];
    snprintf(expected, sizeof(expected), "log_dropped lines=%u\n", lines - written);
    assert_non_null(strstr(now, expected));
    assert_true(strstr(now, "awake") > strstr(now, expected));
    log_something("a", "once", 1);
    assert_null(strstr(logged(), "log_dropped"));
}

static void *write_lines(void *argument)
{
    for (unsigned i = 0; i < LINES; i++)
        log_something("writer", argument, i);
    return NULL;
}

static void test_threads_do_not_mix(void **unused)
{
    pthread_t threads[WRITERS];
    char names[WRITERS][8];
    unsigned lines = 0;
    log_setup(writer, REASON_INFO, false);
    for (int i = 0; i < WRITERS; i++) {
        snprintf(names[i], sizeof(names[i]), "w%d", i);
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    for (const char *line = logged(), *end; (end = strchr(line, '\n')); line = end + 1) {
        if (strncmp(line + strlen(STAMP_TEXT), "error", 5) == 0) /* lines were dropped */
            continue;
        assert_memory_equal(line + strlen(STAMP_TEXT), "warn  session writer=w", 22);
        assert_memory_equal(line + strlen(STAMP_TEXT) + 23, " n=", 3);
        size_t digits = strspn(line + strlen(STAMP_TEXT) + 26, "0123456789");
        assert_ptr_equal(line + strlen(STAMP_TEXT) + 26 + digits, end);
        lines++;
    }
    assert_true(lines > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_text),
        TEST(test_json),
        TEST(test_escapes),
        TEST(test_levels),
        TEST(test_what_does_not_fit),
        TEST(test_a_reader_that_sleeps),
        TEST(test_threads_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
