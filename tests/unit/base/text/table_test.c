#include "base/text/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

static const struct table_column columns[] = {
    {"NAME", false, 0}, {"COUNT", true, 2}, {"PLACE", false, 1}, {"NONE", false, 0}};
static const char *const cells[][4] = {{"a", "1", "here", ""}, {"b\xc3\xa9", "1000000", "", ""}};

static const char *cell(const void *owner, size_t row, size_t column, char text[TABLE_CELL])
{
    return cells[row][column];
}

static void assert_prints(size_t rows, size_t width, const char *expected)
{
    const struct table table = {columns, WSL_COUNT(columns), rows, cell, NULL};
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    table_print(out, &table, width);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void test_columns_fit_their_contents(void **state)
{
    assert_prints(2, 0,
                  "\n"
                  "NAME    COUNT  PLACE\n"
                  "a           1  here\n"
                  "b\xc3\xa9    1000000  \n");
    assert_prints(1, 0, "\nNAME  COUNT  PLACE\na         1  here\n");
}

static void test_the_most_dispensable_column_goes_first(void **state)
{
    assert_prints(2, 20, "\nNAME    COUNT  PLACE\na           1  here\nb\xc3\xa9    1000000  \n");
    assert_prints(2, 19, "\nNAME  PLACE\na     here\nb\xc3\xa9    \n");
    assert_prints(2, 10, "\nNAME\na\nb\xc3\xa9\n");
    assert_prints(2, 1, "\nNAME\na\nb\xc3\xa9\n"); /* what stays, stays */
}

static void test_a_table_without_rows_has_no_columns(void **state)
{
    assert_prints(0, 0, "\n\n");
}

static void test_sizes(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } sizes[] = {{0, "0"},           {999, "999"},      {1000, "1.0K"},
                 {1024, "1.0K"},     {10188, "9.9K"},   {10240, "10K"},
                 {1023487, "999K"},  {1023488, "1.0M"}, {1ull << 30, "1.0G"},
                 {UINT64_MAX, "16E"}};
    for (size_t i = 0; i < WSL_COUNT(sizes); i++) {
        char text[TABLE_CELL];
        assert_string_equal(table_print_size(sizes[i].bytes, text), sizes[i].text);
    }
}

static void test_times(void **state)
{
    static const struct {
        uint64_t milliseconds;
        const char *text;
    } times[] = {{999, "0s"},        {59999, "59s"},       {60000, "1m00s"},   {3599999, "59m59s"},
                 {3600000, "1h00m"}, {86399999, "23h59m"}, {86400000, "1d00h"}};
    for (size_t i = 0; i < WSL_COUNT(times); i++) {
        char text[TABLE_CELL];
        assert_string_equal(table_print_time(times[i].milliseconds, text), times[i].text);
    }
}

static void test_nothing_that_controls_a_terminal(void **state)
{
    char text[TABLE_CELL], value[2 * TABLE_CELL];
    assert_string_equal(table_print_safely("a\033[2J\x7f", text), "a?[2J?");
    assert_string_equal(table_print_safely("caf\xc3\xa9", text), "caf\xc3\xa9");
    assert_string_equal(table_print_safely("\xc2\x9b"
                                           "31m",
                                           text),
                        "??31m");
    assert_string_equal(table_print_safely("\xe9t\xe9", text), "?t?");
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    assert_int_equal(strlen(table_print_safely(value, text)), TABLE_CELL - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_fit_their_contents),
        cmocka_unit_test(test_the_most_dispensable_column_goes_first),
        cmocka_unit_test(test_a_table_without_rows_has_no_columns),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_nothing_that_controls_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
