#include "codec/http/http_date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#define NOW 1795132800 /* 20 November 2026 */

static bool parse(const char *text, int64_t *seconds)
{
    char *copy = slice_copy(slice_of(text)); /* of exactly that size, for the sanitizer */
    assert_non_null(copy);
    bool good = http_date_parse((struct slice){copy, strlen(text)}, NOW, seconds);
    free(copy);
    return good;
}

static void assert_date(const char *text, int64_t wanted)
{
    int64_t seconds = 0;
    if (!parse(text, &seconds))
        fail_msg("%s is refused", text);
    assert_int_equal(seconds, wanted);
}

static void test_writes_and_reads_all_forms(void **state)
{
    char text[HTTP_DATE_LENGTH + 1];
    http_date_format(784111777, text);
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_date("Sun, 06 Nov 1994 08:49:37 GMT", 784111777);
    assert_date("Sunday, 06-Nov-94 08:49:37 GMT", 784111777);
    assert_date("Sun Nov  6 08:49:37 1994", 784111777);
    assert_date("Sun Nov 16 08:49:37 1994", 784111777 + 10 * 86400);
    assert_date("Thu, 01 Jan 1970 00:00:00 GMT", 0);
    assert_date("Thu, 29 Feb 2024 23:59:59 GMT", 1709251199);
    assert_date("Sat, 31 Dec 2016 23:59:60 GMT", 1483228800);
}

static void test_agrees_with_the_calendar(void **state)
{
    for (int64_t seconds = -62167219200; seconds < 253402300800; seconds += 86400 * 11 + 4567) {
        char text[HTTP_DATE_LENGTH + 1], wanted[64];
        time_t moment = (time_t)seconds;
        struct tm tm;
        assert_non_null(gmtime_r(&moment, &tm));
        static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        snprintf(wanted, sizeof(wanted), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
                 tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                 tm.tm_sec);
        http_date_format(seconds, text);
        assert_string_equal(text, wanted);
        assert_date(text, seconds);
    }
}

static void test_stays_within_four_digits(void **state)
{
    char text[HTTP_DATE_LENGTH + 1];
    http_date_format(INT64_MAX, text);
    assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
    http_date_format(INT64_MIN, text);
    assert_string_equal(text, "Sat, 01 Jan 0000 00:00:00 GMT");
}

static void test_two_digit_years(void **state)
{
    assert_date("Friday, 20-Nov-26 00:00:00 GMT", NOW);
    assert_date("Saturday, 01-Jan-00 00:00:00 GMT", 946684800);
    assert_date("Wednesday, 01-Jan-76 00:00:00 GMT", 3345062400); /* 2076 */
    assert_date("Saturday, 01-Jan-77 00:00:00 GMT", 220924800);   /* 1977 */
}

static void test_refuses_invalid_dates(void **state)
{
    static const char *const texts[] = {
        "",
        "0",
        "yesterday",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 06 08:49:37 1994 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun, 06 Nov -994 08:49:37 GMT",
    };
    int64_t seconds;
    for (size_t i = 0; i < WSL_COUNT(texts); i++)
        if (parse(texts[i], &seconds))
            fail_msg("%s is taken", texts[i]);
}

static void test_refuses_truncated_dates(void **state)
{
    static const char *const texts[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                        "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994"};
    for (size_t i = 0; i < WSL_COUNT(texts); i++)
        for (size_t length = 0; length < strlen(texts[i]); length++) {
            int64_t seconds;
            char *copy = malloc(length + 1);
            assert_non_null(copy);
            memcpy(copy, texts[i], length);
            assert_false(http_date_parse((struct slice){copy, length}, NOW, &seconds));
            free(copy);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_and_reads_all_forms),
        cmocka_unit_test(test_agrees_with_the_calendar),
        cmocka_unit_test(test_stays_within_four_digits),
        cmocka_unit_test(test_two_digit_years),
        cmocka_unit_test(test_refuses_invalid_dates),
        cmocka_unit_test(test_refuses_truncated_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
