#include "base/text/escape.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Every byte, against RFC 8259 section 7. */
static void test_each_byte(void **state)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char out[ESCAPE_MAX], expected[ESCAPE_MAX];
        if (byte == '"' || byte == '\\')
            snprintf(expected, sizeof(expected), "\\%c", (int)byte);
        else if (byte < 0x20 || byte > 0x7e)
            snprintf(expected, sizeof(expected), "\\u00%02x", byte);
        else
            snprintf(expected, sizeof(expected), "%c", (int)byte);
        assert_int_equal(escape_json(out, (unsigned char)byte), strlen(expected));
        assert_string_equal(out, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
