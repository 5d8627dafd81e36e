#include "config/print/schema_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void has(enum options_section section, const char *part, bool expected)
{
    struct json json = {0};
    size_t length;
    json_put_open(&json, '{');
    schema_rules_put(&json, section);
    json_put_close(&json, '}');
    char *text = json_put_take(&json, &length);
    if ((strstr(text, part) != NULL) != expected)
        fail_msg("'%s' is %sin %s", part, expected ? "not " : "", text);
    free(text);
}

static void options_that_must_be_given(void **state)
{
    has(OPTIONS_FILES, "{\"required\":[\"root\"]", true);
    has(OPTIONS_LIMITS, "{\"required\":[]}", true);
    has(OPTIONS_LIMITS, "allOf", false);
}

static void options_that_need_or_exclude_another(void **state)
{
    has(OPTIONS_PROCESS,
        "{\"if\":{\"type\":\"object\",\"required\":[\"group\"]},\"then\":{\"type\":\"object\","
        "\"required\":[\"user\"]}}",
        true);
    has(OPTIONS_TLS,
        "{\"if\":{\"type\":\"object\",\"required\":[\"mode\"],\"properties\":{\"mode\":{\"not\":{"
        "\"enum\":"
        "[\"off\",false]}}}},\"then\":{\"type\":\"object\",\"required\":[\"certificates\"]}}",
        true);
    has(OPTIONS_TARGET,
        "[\"false\",false,\"off\",\"no\"]}}}},\"then\":{\"not\":{\"type\":\"object\",\"required\":["
        "\"ca\"]}}}",
        true);
    has(OPTIONS_LOG,
        "{\"if\":{\"type\":\"object\",\"required\":[\"target\"],\"properties\":{\"target\":{"
        "\"const\":\"file\"}}},"
        "\"then\":{\"type\":\"object\",\"required\":[\"file\"]}}",
        true);
    has(OPTIONS_LOG, "\"stderr\"", false);
}

static void purposes_of_a_route(void **state)
{
    has(OPTIONS_ROUTE,
        "{\"oneOf\":[{\"type\":\"object\",\"required\":[\"target\"]},{\"type\":\"object\","
        "\"required\":[\"targets\"]},"
        "{\"type\":\"object\",\"required\":[\"tokens\"]}],\"not\":{\"anyOf\":[{\"type\":\"object\","
        "\"required\":[\"redirect\"]},",
        true);
    has(OPTIONS_ROUTE,
        "{\"oneOf\":[{\"type\":\"object\",\"required\":[\"files\"]}],\"not\":{\"anyOf\":[{"
        "\"type\"",
        true);
}

static void one_source_of_tokens(void **state)
{
    has(OPTIONS_TOKENS,
        "{\"oneOf\":[{\"type\":\"object\",\"required\":[\"http\"]},{\"type\":\"object\","
        "\"required\":[\"redis\"]},{\"type\":\"object\",\"required\":["
        "\"ticket\"]},{\"type\":\"object\",\"required\":[\"file\"]"
        "}",
        true);
    has(OPTIONS_ROUTE, "directory", false);
}

static void lists_of_a_whole_file_and_of_an_included_one(void **state)
{
    has(OPTIONS_PROCESS,
        "{\"anyOf\":[{\"required\":[\"listeners\",\"routes\"]},{\"type\":\"object\",\"required\":["
        "\"include\"]},"
        "{\"propertyNames\":{\"anyOf\":[{\"enum\":[\"listeners\",\"routes\"]},"
        "{\"pattern\":\"^x-\"}]},\"minProperties\":1}]}",
        true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_that_must_be_given),
        cmocka_unit_test(options_that_need_or_exclude_another),
        cmocka_unit_test(purposes_of_a_route),
        cmocka_unit_test(one_source_of_tokens),
        cmocka_unit_test(lists_of_a_whole_file_and_of_an_included_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
