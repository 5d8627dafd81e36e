#include "codec/http/http_range.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    const char *value;
    uint64_t whole;
    enum http_range_verdict verdict;
    uint64_t first, length;
} rows[] = {
    {"bytes=0-0", 100, HTTP_RANGE_PART, 0, 1},
    {"bytes=0-", 100, HTTP_RANGE_PART, 0, 100},
    {"bytes=10-19", 100, HTTP_RANGE_PART, 10, 10},
    {"bytes=90-1000", 100, HTTP_RANGE_PART, 90, 10},
    {"bytes=99-", 100, HTTP_RANGE_PART, 99, 1},
    {"bytes=-1", 100, HTTP_RANGE_PART, 99, 1},
    {"bytes=-1000", 100, HTTP_RANGE_PART, 0, 100},
    {"Bytes=5-6", 100, HTTP_RANGE_PART, 5, 2},
    {"bytes= , 5-6 ,", 100, HTTP_RANGE_PART, 5, 2},
    {"bytes=0-99999999999999999999999999", 100, HTTP_RANGE_PART, 0, 100},
    {"bytes=-99999999999999999999999999", 100, HTTP_RANGE_PART, 0, 100},
    {"bytes=0-18446744073709551615", UINT64_MAX, HTTP_RANGE_PART, 0, UINT64_MAX},
    {"bytes=18446744073709551614-", UINT64_MAX, HTTP_RANGE_PART, UINT64_MAX - 1, 1},

    {"bytes=100-", 100, HTTP_RANGE_BEYOND, 0, 0},
    {"bytes=100-200", 100, HTTP_RANGE_BEYOND, 0, 0},
    {"bytes=99999999999999999999999999-", 100, HTTP_RANGE_BEYOND, 0, 0},
    {"bytes=-0", 100, HTTP_RANGE_BEYOND, 0, 0},
    {"bytes=-0", 0, HTTP_RANGE_BEYOND, 0, 0},
    {"bytes=0-", 0, HTTP_RANGE_BEYOND, 0, 0},

    {"bytes=-5", 0, HTTP_RANGE_WHOLE, 0, 0},
    {"", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"bytes", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"bytes=", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"bytes=,", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"bytes=-", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"bytes=5", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"bytes=6-5", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"bytes=a-5", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"bytes=5-b", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"bytes=5 - 6", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"bytes=--5", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"bytes=+1-5", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"bytes=0-1,5-6", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"items=0-1", 100, HTTP_RANGE_WHOLE, 0, 0},
    {"bytes =0-1", 100, HTTP_RANGE_WHOLE, 0, 0},
};

static void test_one_range_or_the_whole(void **state)
{
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct http_range part = {0};
        char *copy = malloc(strlen(rows[i].value) + 1);
        assert_non_null(copy);
        memcpy(copy, rows[i].value, strlen(rows[i].value));
        struct slice value = {copy, strlen(rows[i].value)};
        enum http_range_verdict verdict = http_range_parse(value, rows[i].whole, &part);
        if (verdict != rows[i].verdict)
            fail_msg("%s became %d", rows[i].value, (int)verdict);
        if (verdict == HTTP_RANGE_PART) {
            assert_int_equal(part.first, rows[i].first);
            assert_int_equal(part.length, rows[i].length);
        }
        free(copy);
    }
}

static void test_truncated_ranges(void **state)
{
    static const char text[] = "bytes=12-345";
    for (size_t length = 0; length < strlen(text); length++) {
        struct http_range part;
        char *copy = malloc(length + 1);
        assert_non_null(copy);
        memcpy(copy, text, length);
        enum http_range_verdict verdict =
            http_range_parse((struct slice){copy, length}, 1000, &part);
        free(copy);
        /* Of the prefixes, "12-" and "12-34" are ranges; "12-3" ends before it begins. */
        bool whole = length < strlen("bytes=12-") || length == strlen("bytes=12-3");
        assert_int_equal(verdict, whole ? HTTP_RANGE_WHOLE : HTTP_RANGE_PART);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_range_or_the_whole),
        cmocka_unit_test(test_truncated_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
