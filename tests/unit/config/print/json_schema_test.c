#include "config/print/json_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

/* tests/e2e/test_config.py validates files with it. */

static char *print(bool *printed)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    *printed = json_schema_print(stream);
    fclose(stream);
    return text;
}

static void describes_the_table(void **state)
{
    static const char *const parts[] = {
        "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n",
        "\"type\": \"object\",\n  \"additionalProperties\": false,\n  \"required\": [],\n",
        "    \"workers\": {\n      \"description\": \"",
        "\"patternProperties\": {\"^x-\":true},",
        "\"required\": [\"address\"]",
        "\"propertyNames\": {\"anyOf\":[", /* of headers and captures */
        "\"default\": false,\n",
        "\"default\": 4096,\n",
        "\"default\": \"30s\",\n",
    };
    bool printed;
    char *text = print(&printed);
    assert_true(printed);
    for (size_t i = 0; i < WSL_COUNT(parts); i++)
        if (!strstr(text, parts[i]))
            fail_msg("'%s' is not in it", parts[i]);
    assert_string_equal(text + strlen(text) - 3, "\n}\n");
    free(text);
}

static void prints_nothing_without_memory(void **state)
{
    bool printed = true;
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    failing_alloc_arm(1);
    printed = json_schema_print(stream);
    assert_true(failing_alloc_disarm());
    fclose(stream);
    assert_false(printed);
    assert_int_equal(size, 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describes_the_table),
        cmocka_unit_test(prints_nothing_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
