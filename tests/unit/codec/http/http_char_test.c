#include "codec/http/http_char.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_tokens(void **state)
{
    static const char others[] = "!#$%&'*+-.^_`|~"; /* RFC 9110 section 5.6.2 */
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        bool wanted = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      (c && strchr(others, c));
        assert_int_equal(http_char_is_token((struct slice){&byte, 1}), wanted);
    }
    assert_false(http_char_is_token(SLICE("")));
    assert_false(http_char_is_token(SLICE("a b")));
}

static void test_field_values(void **state)
{
    for (int c = 0; c < 256; c++)
        assert_int_equal(http_char_is((char)c, HTTP_CHAR_VALUE),
                         c == '\t' || (c >= 0x20 && c != 0x7F));
}

static void test_targets(void **state)
{
    for (int c = 0; c < 256; c++)
        assert_int_equal(http_char_is((char)c, HTTP_CHAR_TARGET),
                         c > 0x20 && c < 0x7F && !strchr("\"#<>\\", c));
}

static void test_host_names(void **state)
{
    static const char others[] = "-._~!$&'()*+,;="; /* RFC 3986 sections 2.2 and 2.3 */
    for (int c = 0; c < 256; c++) {
        bool wanted = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      (c && strchr(others, c));
        assert_int_equal(http_char_is((char)c, HTTP_CHAR_NAME), wanted);
    }
}

static void test_span_ends_at_the_first_other_byte(void **state)
{
    assert_int_equal(http_char_run(SLICE("name: value"), HTTP_CHAR_TOKEN), 4);
    assert_int_equal(http_char_run(SLICE("name"), HTTP_CHAR_TOKEN), 4);
    assert_int_equal(http_char_run(SLICE(":"), HTTP_CHAR_TOKEN), 0);
    assert_int_equal(http_char_run(SLICE(""), HTTP_CHAR_TOKEN), 0);
}

static void test_trim(void **state)
{
    assert_true(slice_equal(http_char_trim(SLICE(" \t a b\t ")), SLICE("a b")));
    assert_true(slice_equal(http_char_trim(SLICE("a")), SLICE("a")));
    assert_true(slice_equal(http_char_trim(SLICE("\r\n")), SLICE("\r\n")));
    assert_int_equal(http_char_trim(SLICE(" \t ")).len, 0);
    assert_int_equal(http_char_trim(SLICE("")).len, 0);
}

static void test_unquote(void **state)
{
    assert_true(slice_equal(http_char_unquote(SLICE("\"a b\"")), SLICE("a b")));
    assert_true(slice_equal(http_char_unquote(SLICE("\"\"\"")), SLICE("\"")));
    assert_true(slice_equal(http_char_unquote(SLICE("\"a")), SLICE("\"a")));
    assert_true(slice_equal(http_char_unquote(SLICE("a\"")), SLICE("a\"")));
    assert_true(slice_equal(http_char_unquote(SLICE("\"")), SLICE("\"")));
    assert_int_equal(http_char_unquote(SLICE("\"\"")).len, 0);
    assert_int_equal(http_char_unquote((struct slice){NULL, 0}).len, 0);
}

static void test_cut(void **state)
{
    struct slice rest = SLICE("a;;b");
    assert_true(slice_equal(http_char_cut(&rest, ';'), SLICE("a")));
    assert_true(slice_equal(http_char_cut(&rest, ';'), SLICE("")));
    assert_true(slice_equal(rest, SLICE("b")));
    assert_true(slice_equal(http_char_cut(&rest, ';'), SLICE("b")));
    assert_int_equal(rest.len, 0);
    struct slice none = {NULL, 0};
    assert_int_equal(http_char_cut(&none, ';').len, 0);
    assert_null(none.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_field_values),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_host_names),
        cmocka_unit_test(test_span_ends_at_the_first_other_byte),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_unquote),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
