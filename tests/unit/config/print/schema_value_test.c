#include "config/print/schema_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

/* tests/e2e/test_config.py compares the schema with the loader. */

#define OR_VARIABLE "|[$][{][A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?[}]"

static char *print(const struct options_row *row)
{
    struct json json = {0};
    size_t length;
    json_put_open(&json, '{');
    schema_value_put(&json, row);
    json_put_close(&json, '}');
    return json_put_take(&json, &length);
}

static void has(enum options_section section, const char *key, const char *part)
{
    char *text = print(options_find(section, key));
    if (!strstr(text, part))
        fail_msg("%s: '%s' is not in %s", key, part, text);
    free(text);
}

static void numbers_have_a_range_and_a_pattern(void **state)
{
    has(OPTIONS_PROCESS, "workers",
        "{\"type\":[\"integer\",\"string\"],\"minimum\":0,\"maximum\":1024,\"pattern\":\"^(0*(");
    has(OPTIONS_PROCESS, "workers", "{\"enum\":[\"auto\"]}");
    has(OPTIONS_LIMITS, "handshake_timeout", "\"minimum\":1,\"maximum\":3600,");
    has(OPTIONS_LIMITS, "handshake_timeout", "\"patternErrorMessage\":\"must be 100ms to 1h\"");
    has(OPTIONS_LIMITS, "keep_alive", "{\"enum\":[\"off\",false]}");
    has(OPTIONS_LISTENER, "address", "\"minimum\":0,\"maximum\":65535,");
    has(OPTIONS_LISTENER, "socket_mode", "{\"type\":[\"integer\",\"string\"],\"pattern\":\"");
}

static void names_are_suggested_and_others_match(void **state)
{
    has(OPTIONS_TLS, "min_version", "{\"enum\":[\"1.1\",1.1,\"1.2\",1.2,\"1.3\",1.3]}");
    has(OPTIONS_TLS, "min_version", "|tlsv1[-_]2|");
    has(OPTIONS_TLS, "mode", "{\"enum\":[\"off\",false,\"optional\",\"required\"]}");
    has(OPTIONS_FILES, "listing", "{\"enum\":[false,true]}");
    has(OPTIONS_FILES, "listing", "\"^(false|true|off|on|no|yes)$" OR_VARIABLE "\"");
}

static void texts_may_be_numbers_or_files(void **state)
{
    has(OPTIONS_ROUTE, "name", "{\"type\":[\"string\",\"number\",\"boolean\"],\"minLength\":1,");
    has(OPTIONS_ROUTE, "path", "{\"type\":[\"string\"],\"minLength\":1,\"pattern\":\"^(/");
    has(OPTIONS_ROUTE, "path", "{\"$ref\":\"#/$defs/file\"}]");
    has(OPTIONS_COMMAND, "words", "\"boolean\"],\"pattern\":"); /* may be empty */
    has(OPTIONS_PROCESS, "pid_file", "\"pattern\":\"^([^$]|");
}

static void lists_are_values_or_arrays(void **state)
{
    has(OPTIONS_ROUTE, "allow", "{\"anyOf\":[{\"type\":\"string\",\"pattern\":\"");
    has(OPTIONS_ROUTE, "allow", "{\"type\":\"array\",\"items\":{\"anyOf\":[{\"type\":\"string\"");
}

static void names_of_a_number(void **state)
{
    const struct {
        const char *key, *expected;
        uint64_t number;
    } cases[] = {
        {"status", "[\"false\",false,\"off\",\"no\"]", 0},
        {"health", "[\"off\",false]", CONFIG_HEALTH_OFF},
        {"balance", "[\"first\"]", CONFIG_BALANCE_FIRST},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct json json = {0};
        size_t length;
        schema_value_put_names(&json, &options_find(OPTIONS_ROUTE, cases[i].key)->value,
                               cases[i].number);
        char *text = json_put_take(&json, &length);
        assert_string_equal(text, cases[i].expected);
        free(text);
    }
}

/* An empty message would hide that of the editor. */
static void each_pattern_has_a_message(void **state)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++) {
        char *text = print(row);
        assert_null(strstr(text, "\"patternErrorMessage\":\"\""));
        free(text);
    }
    has(OPTIONS_ROUTE, "host", "\"patternErrorMessage\":\"must be a host name");
    has(OPTIONS_ROUTE, "path", "\"patternErrorMessage\":\"must be a path such as /vnc");
    has(OPTIONS_TARGET, "address", "\"patternErrorMessage\":\"must be tcp://HOST:PORT,");
}

static void fails_without_memory(void **state)
{
    char *text = NULL;
    for (int i = 1; !text && i < 50; i++) {
        failing_alloc_arm(i);
        text = print(options_find(OPTIONS_ROUTE, "allow"));
        assert_true(failing_alloc_disarm() == (text == NULL));
    }
    assert_non_null(text);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_a_range_and_a_pattern),
        cmocka_unit_test(names_are_suggested_and_others_match),
        cmocka_unit_test(texts_may_be_numbers_or_files),
        cmocka_unit_test(lists_are_values_or_arrays),
        cmocka_unit_test(names_of_a_number),
        cmocka_unit_test(each_pattern_has_a_message),
        cmocka_unit_test(fails_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
