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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_unescape_takes_two_digits),
        cmocka_unit_test(test_unescape_stops_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
