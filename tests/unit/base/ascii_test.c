#include "base/ascii.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Every byte, against the lists below. */
static void test_classes(void **state)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char digits[] = "0123456789", hex[] = "0123456789abcdefABCDEF";
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        bool letter = c != '\0' && strchr(letters, c), digit = c != '\0' && strchr(digits, c);
        assert_int_equal(ascii_is_letter(c), letter);
        assert_int_equal(ascii_is_digit(c), digit);
        assert_int_equal(ascii_is_alphanumeric(c), letter || digit);
        assert_int_equal(ascii_is_unreserved(c),
                         letter || digit || (c != '\0' && strchr("-._~", c)));
        const char *at = c != '\0' ? strchr(hex, c) : NULL;
        int value = at ? (int)(at - hex) : -1;
        assert_int_equal(ascii_hex(c), value > 15 ? value - 6 : value);
    }
}

static void test_every_byte_is_escaped(void **state)
{
    char text[] = "...#";
    for (int byte = 0; byte < 256; byte++) {
        char expected[8];
        snprintf(expected, sizeof(expected), "%%%02X#", (unsigned)byte);
        ascii_escape(text, (char)byte);
        assert_string_equal(text, expected);
        assert_int_equal(ascii_unescape(slice_of(text)), byte);
    }
}

static void test_unescape_takes_two_digits(void **state)
{
    assert_int_equal(ascii_unescape(SLICE("%00")), 0);
    assert_int_equal(ascii_unescape(SLICE("%aF4")), 0xaf);
    assert_int_equal(ascii_unescape(SLICE("%fF")), 0xff);
    static const char *const others[] = {"", "%", "%4", "4%41", "%g1", "%1g", "%%41", "% 1"};
    for (size_t i = 0; i < WSL_COUNT(others); i++)
        assert_int_equal(ascii_unescape(slice_of(others[i])), -1);
}

/* Digits beyond the end of the text do not count. */
static void test_unescape_stops_at_the_end(void **state)
{
    for (size_t length = 0; length < 3; length++)
        assert_int_equal(ascii_unescape((struct slice){"%41", length}), -1);
}

static void test_decimal_numbers_have_a_bound(void **state)
{
    static const struct {
        const char *text;
        uint64_t most, number;
    } valid[] = {
        {"0", 0, 0},
        {"9", 9, 9},
        {"10", 10, 10},
        {"0007", 7, 7},
        {"65535", 65535, 65535},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX},
    };
    static const struct {
        const char *text;
        uint64_t most;
    } wrong[] = {
        {"", 9},
        {"a", 9},
        {"1a", 99},
        {" 1", 9},
        {"-1", 9},
        {"+1", 9},
        {"1", 0},
        {"9", 8},
        {"10", 9},
        {"65536", 65535},
        {"18446744073709551616", UINT64_MAX},
        {"99999999999999999999", UINT64_MAX},
    };
    uint64_t number;
    for (size_t i = 0; i < WSL_COUNT(valid); i++) {
        assert_true(ascii_decimal(slice_of(valid[i].text), valid[i].most, &number));
        assert_true(number == valid[i].number);
    }
    number = 42;
    for (size_t i = 0; i < WSL_COUNT(wrong); i++)
        assert_false(ascii_decimal(slice_of(wrong[i].text), wrong[i].most, &number));
    assert_true(number == 42);
    assert_true(ascii_decimal((struct slice){"123", 2}, 99, &number));
    assert_true(number == 12);
}

static void test_control_characters(void **unused)
{
    for (int byte = 0; byte < 256; byte++) {
        const char text[] = {'a', (char)byte, 'b'};
        bool expected = byte < 0x20 || byte == 0x7F;
        assert_int_equal(ascii_is_control((char)byte), expected);
        assert_int_equal(ascii_has_control((struct slice){text, sizeof(text)}), expected);
    }
    assert_false(ascii_has_control((struct slice){"a\n", 1}));
    assert_false(ascii_has_control((struct slice){0}));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_every_byte_is_escaped),
        cmocka_unit_test(test_unescape_takes_two_digits),
        cmocka_unit_test(test_unescape_stops_at_the_end),
        cmocka_unit_test(test_decimal_numbers_have_a_bound),
        cmocka_unit_test(test_control_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
