#include "config/model/section/config_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_prints(const struct config_place *place, const char *expected)
{
    char text[64] = "not empty";
    assert_int_equal(config_place_print(place, text, sizeof(text)), strlen(expected));
    assert_string_equal(text, expected);
}

static void prints_file_line_and_column(void **state)
{
    assert_prints(&(struct config_place){"gateway.yaml", 3, 7}, "gateway.yaml:3:7: ");
}

static void prints_nothing_for_a_source_without_lines(void **state)
{
    assert_prints(NULL, "");
    assert_prints(&config_place_none, "");
    assert_prints(&(struct config_place){"command line", 0, 0}, "");
    assert_prints(&(struct config_place){NULL, 7, 3}, "");
}

static void prints_a_message_behind_the_place(void **state)
{
    const struct config_place place = {"a.yaml", 3, 7};
    char text[64];
    assert_int_equal(config_place_format(&place, text, sizeof(text), "no %s", "file"), 19);
    assert_string_equal(text, "a.yaml:3:7: no file");
    assert_int_equal(config_place_format(NULL, text, sizeof(text), "no %s", "file"), 7);
    assert_string_equal(text, "no file");
    assert_int_equal(config_place_format(&place, text, 14, "no %s", "file"), 19);
    assert_string_equal(text, "a.yaml:3:7: n");
    assert_int_equal(config_place_format(&place, text, 4, "no %s", "file"), 19);
    assert_string_equal(text, "a.y");
}

static void a_text_too_long_is_cut_and_its_length_is_told(void **state)
{
    char text[8];
    assert_int_equal(
        config_place_print(&(struct config_place){"a.yaml", 12, 1}, text, sizeof(text)),
        strlen("a.yaml:12:1: "));
    assert_string_equal(text, "a.yaml:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_file_line_and_column),
        cmocka_unit_test(prints_nothing_for_a_source_without_lines),
        cmocka_unit_test(prints_a_message_behind_the_place),
        cmocka_unit_test(a_text_too_long_is_cut_and_its_length_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
