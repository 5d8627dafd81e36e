/* Documents byte for byte, at the limit and without memory. */
#include "base/text/json_put.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static void expect(struct json *json, const char *expected)
{
    size_t length;
    char *text = json_put_take(json, &length);
    assert_non_null(text);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
    free(text);
}

static void fill(struct json *json)
{
    json_put_open(json, '{');
    json_put_key(json, "a");
    json_put_open(json, '[');
    json_put_number(json, 1);
    json_put_number(json, UINT64_MAX);
    json_put_open(json, '{');
    json_put_close(json, '}');
    json_put_open(json, '[');
    json_put_close(json, ']');
    json_put_close(json, ']');
    json_put_key(json, "b");
    json_put_bool(json, true);
    json_put_key(json, "c");
    json_put_string(json, NULL);
    json_put_key(json, "d");
    json_put_string(json, "x");
    json_put_key(json, "e");
    json_put_raw(json, SLICE("[false]"));
    json_put_close(json, '}');
}

static const char filled[] = "{\"a\":[1,18446744073709551615,{},[]],\"b\":true,\"c\":null,"
                             "\"d\":\"x\",\"e\":[false]}";

static void test_document(void **unused)
{
    struct json json = {0};
    fill(&json);
    expect(&json, filled);
    fill(&json);
    expect(&json, filled);
}

static void test_texts(void **unused)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"", "\"\""},
        {NULL, "null"},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\n\t\x1f\x7f", "\"\\u000a\\u0009\\u001f\\u007f\""},
        {"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
        {"\xf0\x9f\x96\xa5", "\"\xf0\x9f\x96\xa5\""},
        {"\xc3", "\"\\u00c3\""},                       /* cut */
        {"\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\""}, /* a surrogate */
        {"</script>", "\"</script>\""},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct json json = {0};
        json_put_string(&json, cases[i].text);
        expect(&json, cases[i].json);
    }
}

static void test_keys_are_texts(void **unused)
{
    struct json json = {0};
    json_put_open_spread(&json, '{');
    json_put_key_text(&json, SLICE("a\"b"));
    json_put_open(&json, '{');
    json_put_key_text(&json, SLICE("gr\xc3\xbc\xc3\x9f"));
    json_put_number(&json, 1);
    json_put_key_text(&json, SLICE(""));
    json_put_null(&json);
    json_put_close(&json, '}');
    json_put_close(&json, '}');
    expect(&json, "{\n  \"a\\\"b\": {\"gr\xc3\xbc\xc3\x9f\":1,\"\":null}\n}");
}

static void test_spread(void **unused)
{
    struct json json = {0};
    json_put_open_spread(&json, '{');
    json_put_key(&json, "a");
    json_put_open(&json, '[');
    json_put_number(&json, 1);
    json_put_open_spread(&json, '{');
    json_put_key(&json, "b");
    json_put_open(&json, '{');
    json_put_key(&json, "c");
    json_put_number(&json, 2);
    json_put_close(&json, '}');
    json_put_key(&json, "d");
    json_put_open_spread(&json, '{');
    json_put_close(&json, '}');
    json_put_close(&json, '}');
    json_put_number(&json, 3);
    json_put_close(&json, ']');
    json_put_key(&json, "e");
    json_put_null(&json);
    json_put_close(&json, '}');
    expect(&json, "{\n"
                  "  \"a\": [1,{\n"
                  "    \"b\": {\"c\":2},\n"
                  "    \"d\": {}\n"
                  "  },3],\n"
                  "  \"e\": null\n"
                  "}");
    fill(&json);
    expect(&json, filled);
}

static void test_limit(void **unused)
{
    size_t length;
    struct json json = {.text.limit = 2000};
    for (int i = 0; i < 2000; i++)
        json_put_number(&json, 7);
    assert_null(json_put_take(&json, &length));
    fill(&json);
    expect(&json, filled);
}

static void test_without_memory(void **unused)
{
    size_t length;
    struct json json = {0};
    failing_alloc_arm(1);
    fill(&json);
    assert_null(json_put_take(&json, &length));
    assert_true(failing_alloc_disarm());
    fill(&json);
    expect(&json, filled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document),       cmocka_unit_test(test_texts),
        cmocka_unit_test(test_keys_are_texts), cmocka_unit_test(test_spread),
        cmocka_unit_test(test_limit),          cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
