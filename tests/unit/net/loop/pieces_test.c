/* Pieces of work that take long are written down, and others are not. */
#ifndef WSLUICE_PIECES
#define WSLUICE_PIECES
#endif
#include "net/loop/pieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

extern const char __executable_start[];

static void work_until(uint64_t nanoseconds)
{
    struct pieces_clock began = pieces_now();
    while (pieces_now().cpu - began.cpu < nanoseconds)
        ;
}

/* What the file holds after `call` was measured; `text` has room for two lines. */
static void written_by(uint64_t nanoseconds, char text[2 * PIECES_LINE])
{
    char path[] = "/tmp/pieces-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(setenv(PIECES_FILE, path, 1), 0);
    PIECES_RUN("test", work_until, work_until(nanoseconds));
    PIECES_RUN("test", work_until, work_until(0));
    ssize_t length = pread(fd, text, 2 * PIECES_LINE - 1, 0);
    assert_true(length >= 0);
    text[length] = '\0';
    assert_int_equal(unsetenv(PIECES_FILE), 0);
    close(fd);
    unlink(path);
}

static void test_a_long_piece_leaves_a_line(void **unused)
{
    char text[2 * PIECES_LINE], kind[8];
    char *at = text;
    written_by(PIECES_LONG_NS, text);
    assert_int_equal(strtol(at, &at, 10), gettid());
    memcpy(kind, at, 6);
    assert_memory_equal(kind, " test ", 6);
    assert_int_equal(strtoull(at + 6, &at, 16),
                     (uintptr_t)work_until - (uintptr_t)__executable_start);
    assert_true(strtoull(at, &at, 10) > PIECES_LONG_NS);
    assert_true(strtoull(at, &at, 10) > 0);
    assert_int_equal(*at, '\n');
}

/* Waiting uses no CPU time: a piece that waits is not long. */
static void test_waiting_does_not_count(void **unused)
{
    struct pieces_clock before = pieces_now();
    nanosleep(&(struct timespec){.tv_nsec = 10 * PIECES_LONG_NS}, NULL);
    struct pieces_clock after = pieces_now();
    assert_true(after.wall - before.wall >= 10 * PIECES_LONG_NS);
    assert_true(after.cpu - before.cpu < after.wall - before.wall);
}

static void test_the_longest_line_fits(void **unused)
{
    char line[PIECES_LINE];
    const struct pieces_clock longest = {UINT64_MAX, UINT64_MAX};
    int length = pieces_print(line, "a-long-kind", (pieces_fn *)UINTPTR_MAX, &longest);
    assert_true(length > 0 && length < PIECES_LINE);
}

static void test_without_a_file_nothing_happens(void **unused)
{
    assert_int_equal(unsetenv(PIECES_FILE), 0);
    PIECES_RUN("test", work_until, work_until(PIECES_LONG_NS));
    assert_int_equal(setenv(PIECES_FILE, "/nowhere/at/all", 1), 0);
    PIECES_RUN("test", work_until, work_until(PIECES_LONG_NS));
    assert_int_equal(unsetenv(PIECES_FILE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_long_piece_leaves_a_line),
        cmocka_unit_test(test_waiting_does_not_count),
        cmocka_unit_test(test_the_longest_line_fits),
        cmocka_unit_test(test_without_a_file_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
