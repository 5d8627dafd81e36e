#include "run/help/terminal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

/* A terminal of that many columns; closing the stream closes it. */
static FILE *open_terminal(int *other, unsigned short columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    *other = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(*other >= 0 && grantpt(*other) == 0 && unlockpt(*other) == 0);
    assert_int_equal(ioctl(*other, TIOCSWINSZ, &size), 0);
    int fd = open(ptsname(*other), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fdopen(fd, "w");
}

static void expect(unsigned short columns, const char *variable, unsigned expected,
                   unsigned expected_page)
{
    int other;
    FILE *stream = open_terminal(&other, columns);
    if (variable)
        setenv("COLUMNS", variable, 1);
    else
        unsetenv("COLUMNS");
    assert_true(terminal_is_output(stream));
    assert_int_equal(terminal_columns(stream), expected);
    assert_int_equal(terminal_page_width(stream, 77), expected_page);
    fclose(stream);
    close(other);
}

static void has_the_width_of_the_terminal_or_of_the_variable(void **state)
{
    expect(93, NULL, 93, 93);
    expect(20, NULL, 20, 40);
    expect(300, NULL, 300, 120);
    expect(0, NULL, 0, 77);
    expect(93, "61", 61, 61);
    expect(93, "", 93, 93);
    expect(93, "0", 93, 93);
    expect(93, "-5", 93, 93);
    expect(93, "61x", 93, 93);
    expect(93, "99999999999999999999", 93, 93);
}

static void other_streams_have_none(void **state)
{
    char *text;
    size_t size;
    setenv("COLUMNS", "61", 1);
    FILE *memory = open_memstream(&text, &size), *file = tmpfile();
    assert_int_equal(terminal_columns(memory), 0);
    assert_int_equal(terminal_page_width(memory, 77), 77);
    assert_int_equal(terminal_page_width(file, 100), 100);
    fclose(memory);
    fclose(file);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_width_of_the_terminal_or_of_the_variable),
        cmocka_unit_test(other_streams_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
