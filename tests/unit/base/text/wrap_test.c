#include "base/text/wrap.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_wraps(const char *text, size_t indent, size_t width, const char *expected)
{
    char *printed = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&printed, &size);
    assert_non_null(stream);
    wrap_print(stream, text, indent, width);
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(printed, expected);
    free(printed);
}

static void test_a_text_that_fits(void **state)
{
    assert_wraps("", 2, 10, "\n");
    assert_wraps("one", 2, 5, "one\n");
    assert_wraps("one two", 2, 9, "one two\n");
}

static void test_lines_end_at_the_width(void **state)
{
    assert_wraps("one two", 2, 8, "one\n  two\n");
    assert_wraps("a bb ccc d", 0, 4, "a bb\nccc\nd\n");
}

static void test_a_word_longer_than_a_line(void **state)
{
    assert_wraps("longer", 2, 5, "longer\n");
    assert_wraps("a longer b", 2, 5, "a\n  longer\n  b\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_text_that_fits),
        cmocka_unit_test(test_lines_end_at_the_width),
        cmocka_unit_test(test_a_word_longer_than_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
