#include "codec/http/http_query.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_slice(struct slice text, const char *expected)
{
    assert_true(slice_equal(text, slice_of(expected)));
}

static void test_parameters(void **state)
{
    static const char *const expected[][2] = {
        {"a", "1"}, {"b", ""}, {"c", ""}, {"", "2"}, {"", ""}, {"d", "e=f"}, {"g%3D", "+"},
    };
    struct slice query = SLICE("a=1&b&c=&=2&&d=e=f&g%3D=+"), key, value;
    for (size_t i = 0; i < WSL_COUNT(expected); i++) {
        assert_true(query.len > 0);
        http_query_next(&query, &key, &value);
        assert_slice(key, expected[i][0]);
        assert_slice(value, expected[i][1]);
    }
    assert_int_equal(query.len, 0);
}

static void assert_decodes(const char *text, const char *decoded, const char *unescaped)
{
    struct slice form = slice_of(text), path = form;
    for (const char *c = decoded; *c; c++)
        assert_int_equal(http_query_decode(&form), *c);
    for (const char *c = unescaped; *c; c++)
        assert_int_equal(http_query_unescape(&path), *c);
    assert_int_equal(form.len, 0);
    assert_int_equal(path.len, 0);
}

static void test_decoding(void **state)
{
    assert_decodes("a+b", "a b", "a+b");
    assert_decodes("%2B%2b", "++", "++");
    assert_decodes("%C3%a4", "\xc3\xa4", "\xc3\xa4");
    assert_decodes("%4%zz%", "%4%zz%", "%4%zz%"); /* wrong escapes stand for themselves */
    struct slice nul = SLICE("%00");
    assert_int_equal(http_query_decode(&nul), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_decoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
