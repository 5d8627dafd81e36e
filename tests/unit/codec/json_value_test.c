#include "codec/json_value.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *fault_of(struct slice text, unsigned depth)
{
    const char *fault = NULL;
    struct json_value *value = json_value_parse(text, depth, &fault);
    assert_true((value == NULL) == (fault != NULL));
    json_value_free(value);
    return fault;
}

#if JSON_VALUE_IS_BUILT_IN

static const char document[] =
    "{\"text\":\"\\u00e9\\\"[{\",\"int\":-7,\"whole\":1.5e3,\"real\":0.5,\"yes\":true,\"no\":false,"
    "\"null\":null,\"list\":[1,\"two\",[]],\"object\":{\"a\":{}}}";

static void test_values(void **state)
{
    const char *fault;
    struct json_value *value = json_value_parse(slice_of(document), 3, &fault);
    struct slice text;
    double number;
    int64_t integer;
    bool truth;
    assert_non_null(value);
    assert_int_equal(json_value_type(value), JSON_VALUE_OBJECT);
    assert_true(json_value_text(json_value_member(value, "text"), &text));
    assert_true(slice_equal(text, SLICE("\xC3\xA9\"[{")));
    assert_true(json_value_number(json_value_member(value, "int"), &number) && number == -7);
    assert_true(json_value_integer(json_value_member(value, "int"), -7, -7, &integer));
    assert_int_equal(integer, -7);
    assert_false(json_value_integer(json_value_member(value, "int"), -6, 9, &integer));
    assert_true(json_value_integer(json_value_member(value, "whole"), 0, 1500, &integer));
    assert_int_equal(integer, 1500);
    assert_false(json_value_integer(json_value_member(value, "whole"), 0, 1499, &integer));
    assert_false(json_value_integer(json_value_member(value, "real"), 0, 9, &integer));
    assert_false(json_value_integer(json_value_member(value, "text"), 0, 9, &integer));
    assert_true(json_value_bool(json_value_member(value, "yes"), &truth) && truth);
    assert_true(json_value_bool(json_value_member(value, "no"), &truth) && !truth);
    assert_false(json_value_bool(json_value_member(value, "null"), &truth));
    assert_int_equal(json_value_type(json_value_member(value, "null")), JSON_VALUE_NULL);
    assert_int_equal(json_value_type(json_value_member(value, "absent")), JSON_VALUE_NONE);
    assert_false(json_value_text(json_value_member(value, "absent"), &text));
    const struct json_value *list = json_value_member(value, "list");
    assert_int_equal(json_value_count(list), 3);
    assert_int_equal(json_value_type(json_value_at(list, 2)), JSON_VALUE_ARRAY);
    assert_null(json_value_at(list, 3));
    assert_int_equal(json_value_count(value), 0);
    json_value_free(value);
}

static void test_members_in_order(void **state)
{
    static const char *const names[] = {"text", "int",  "whole", "real",  "yes",
                                        "no",   "null", "list",  "object"};
    const char *fault, *name;
    const struct json_value *member;
    struct json_value *value = json_value_parse(slice_of(document), 3, &fault);
    void *cursor = NULL;
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        assert_true(json_value_next(value, &cursor, &name, &member));
        assert_string_equal(name, names[i]);
        assert_ptr_equal(member, json_value_member(value, name));
    }
    assert_false(json_value_next(value, &cursor, &name, &member));
    cursor = NULL;
    assert_false(json_value_next(json_value_member(value, "int"), &cursor, &name, &member));
    json_value_free(value);
}

static void test_depth(void **state)
{
    assert_null(fault_of(SLICE("[[[]],{}]"), 3));
    assert_string_equal(fault_of(SLICE("[[[]],{}]"), 2), "the JSON is nested too deeply");
    assert_null(fault_of(SLICE("[\"[[[[\\\"[[[\"]"), 1));
    char deep[4096];
    memset(deep, '[', sizeof(deep));
    assert_string_equal(fault_of((struct slice){deep, sizeof(deep)}, JSON_VALUE_DEPTH),
                        "the JSON is nested too deeply");
}

static void test_refuses(void **state)
{
    static const struct {
        const char *text, *fault;
    } rows[] = {
        {"", "the JSON ends too early"},
        {"{\"a\":1", "the JSON ends too early"},
        {"1", "not valid JSON"}, /* neither object nor array */
        {"\"text\"", "not valid JSON"},
        {"{\"a\":1,\"a\":1}", "two members have the same name"},
        {"{\"a\":1,\"\\u0061\":1}", "two members have the same name"},
        {"[{\"b\":{\"a\":1,\"a\":2}}]", "two members have the same name"},
        {"{\"a\":\"\\u0000\"}", "a NUL in a text"},
        {"{\"a\\u0000\":1}", "a NUL in a text"},
        {"{} {}", "something stands behind the JSON"},
        {"{}x", "something stands behind the JSON"},
        {"{'a':1}", "not valid JSON"},
        {"{\"a\":01}", "not valid JSON"},
        {"{\"a\":NaN}", "not valid JSON"},
        {"[1,]", "not valid JSON"},
        {"[\"\xFF\"]", "not valid UTF-8"},
        {"[\"\xC0\x80\"]", "not valid UTF-8"},
        {"[\"\\ud800\"]", "not valid JSON"},
        {"[99999999999999999999]", "a number is too large"},
        {"[1e999]", "a number is too large"},
        {"\xEF\xBB\xBF{}", "not valid JSON"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++)
        if (strcmp(fault_of(slice_of(rows[i].text), 8), rows[i].fault) != 0)
            fail_msg("%s: %s", rows[i].text, fault_of(slice_of(rows[i].text), 8));
    assert_non_null(fault_of((struct slice){NULL, 0}, 8));
    assert_non_null(fault_of((struct slice){"{}\0", 3}, 8));
}

static void test_cut_at_every_byte(void **state)
{
    for (size_t cut = 0; cut < sizeof(document) - 1; cut++) {
        char *part = slice_copy((struct slice){document, cut});
        assert_non_null(fault_of((struct slice){part, cut}, 3));
        free(part);
    }
}

static void test_wipe(void **state)
{
    const char *fault;
    struct json_value *value =
        json_value_parse(SLICE("{\"k\":\"abc\",\"l\":[\"d\",1]}"), 3, &fault);
    struct slice k, l;
    assert_true(json_value_text(json_value_member(value, "k"), &k));
    assert_true(json_value_text(json_value_at(json_value_member(value, "l"), 0), &l));
    json_value_wipe(value);
    assert_true(slice_equal(k, (struct slice){"\0\0\0", 3}));
    assert_true(slice_equal(l, (struct slice){"\0", 1}));
    json_value_free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values), cmocka_unit_test(test_members_in_order),
        cmocka_unit_test(test_depth),  cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_wipe),   cmocka_unit_test(test_cut_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_says_what_it_lacks(void **state)
{
    assert_string_equal(fault_of(SLICE("{}"), 8), JSON_VALUE_LIBRARY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_says_what_it_lacks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
