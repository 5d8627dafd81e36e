#include "codec/http/http_etag.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool listed(const char *value, enum http_etag_compare compare)
{
    struct http_head head = {.field_count = 1};
    char *copy = malloc(strlen(value) + 1);
    assert_non_null(copy);
    memcpy(copy, value, strlen(value));
    head.fields[0] = (struct http_field){SLICE("If-None-Match"), {copy, strlen(value)}};
    bool found = http_etag_listed(&head, SLICE("if-none-match"), SLICE("\"a-1\""), compare);
    free(copy);
    return found;
}

static void test_weak_and_strong_comparison(void **state)
{
    static const char *const both[] = {
        "*",          "\"a-1\"",         "\"x\", \"a-1\"", "\"x,y\" ,\"a-1\",",
        ",, \"a-1\"", "W/\"b\",\"a-1\"", "\"\", \"a-1\""};
    for (size_t i = 0; i < WSL_COUNT(both); i++) {
        assert_true(listed(both[i], HTTP_ETAG_WEAK));
        assert_true(listed(both[i], HTTP_ETAG_STRONG));
    }
    assert_true(listed("W/\"a-1\"", HTTP_ETAG_WEAK));
    assert_false(listed("W/\"a-1\"", HTTP_ETAG_STRONG));
    assert_true(listed("W/\"a-1\", \"a-1\"", HTTP_ETAG_STRONG));
}

static void test_malformed_lists(void **state)
{
    static const char *const values[] = {
        "",        "a-1",           "\"a-1",           "a-1\"",
        "\"A-1\"", "w/\"a-1\"",     "W /\"a-1\"",      "W/",
        "W",       "\"x\" \"a-1\"", "x, \"a-1\"",      "\"x, \"a-1\"",
        "\"*\"",   "** ",           "*, \"b\"",        "\"a-1 \"",
        "'a-1'",   "\"a-1-gz\"",    "\"a b\",\"a-1\"",
    };
    for (size_t i = 0; i < WSL_COUNT(values); i++)
        if (listed(values[i], HTTP_ETAG_WEAK))
            fail_msg("%s lists it", values[i]);
}

static void test_several_fields(void **state)
{
    struct http_head head = {
        .field_count = 3,
        .fields = {{SLICE("If-None-Match"), SLICE("\"x\"")},
                   {SLICE("If-Match"), SLICE("\"y\"")},
                   {SLICE("if-none-match"), SLICE("\"z\"")}},
    };
    struct slice name = SLICE("If-None-Match");
    assert_true(http_etag_listed(&head, name, SLICE("\"x\""), HTTP_ETAG_WEAK));
    assert_false(http_etag_listed(&head, name, SLICE("\"y\""), HTTP_ETAG_WEAK));
    assert_true(http_etag_listed(&head, name, SLICE("\"z\""), HTTP_ETAG_WEAK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weak_and_strong_comparison),
        cmocka_unit_test(test_malformed_lists),
        cmocka_unit_test(test_several_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
