#include "serve/tap/recording_format.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/record_reference.h"

static void expect(bool from_client, uint64_t milliseconds, const char *bytes, size_t length,
                   const char *text)
{
    char out[RECORDING_FORMAT_ENTRY_MAX(300)];
    assert_int_equal(
        recording_format_entry(out, from_client, milliseconds, (const uint8_t *)bytes, length),
        strlen(text));
    assert_memory_equal(out, text, strlen(text));
}

/* Lines that websockify 0.10 wrote for these bytes. */
static void test_same_as_websockify(void **state)
{
    expect(true, 300, "a'\\", 3, "'}300}a\\'\\\\',\n");
    expect(false, 301, "\0\t\n\v\r\x1f ~\x7f\x80\xff\"", 12,
           "'{301{\\x00\\t\\n\\x0b\\r\\x1f ~\\x7f\\x80\\xff\"',\n");
    expect(false, 0, "", 0, "'{0{',\n");
}

static void test_round_trip_of_every_byte(void **state)
{
    uint8_t bytes[256], again[256];
    char out[RECORDING_FORMAT_ENTRY_MAX(256)];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    size_t written = recording_format_entry(out, true, 7, bytes, sizeof(bytes)), length;
    struct record_reference text = {out, out + written};
    uint64_t milliseconds = 0;
    bool from_client = false;
    assert_true(record_reference_entry(&text, &from_client, &milliseconds, again, &length));
    assert_true(text.at == text.end && from_client && milliseconds == 7);
    assert_int_equal(length, sizeof(bytes));
    assert_memory_equal(again, bytes, length);
}

static void test_longest_entry(void **state)
{
    const uint8_t bytes[3] = {0, 0x80, 0xff};
    char out[RECORDING_FORMAT_ENTRY_MAX(3)];
    size_t written = recording_format_entry(out, false, UINT64_MAX, bytes, sizeof(bytes));
    assert_true(written <= sizeof(out));
    assert_memory_equal(out, "'{18446744073709551615{\\x00\\x80\\xff',\n", written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_websockify),
        cmocka_unit_test(test_round_trip_of_every_byte),
        cmocka_unit_test(test_longest_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
