#include "net/tls/context/tls_expiry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define DAY INT64_C(86400)

static const int64_t from = 100 * DAY, to = 200 * DAY;

static void test_states_change_at_the_second(void **unused)
{
    assert_int_equal(tls_expiry_of(from, to, from - 1), TLS_EXPIRY_EARLY);
    assert_int_equal(tls_expiry_of(from, to, from), TLS_EXPIRY_VALID);
    assert_int_equal(tls_expiry_of(from, to, to - 14 * DAY), TLS_EXPIRY_VALID);
    assert_int_equal(tls_expiry_of(from, to, to - 14 * DAY + 1), TLS_EXPIRY_SOON);
    assert_int_equal(tls_expiry_of(from, to, to), TLS_EXPIRY_SOON);
    assert_int_equal(tls_expiry_of(from, to, to + 1), TLS_EXPIRY_ENDED);
    assert_int_equal(tls_expiry_of(INT64_MIN, INT64_MAX, 0), TLS_EXPIRY_VALID);
}

static void expect(int64_t now, const char *expected)
{
    char text[100] = "";
    assert_int_equal(tls_expiry_print(from, to, now, text, sizeof(text)), strlen(expected));
    assert_string_equal(text, expected);
}

static void test_the_sentence_names_the_day(void **unused)
{
    expect(from - 1, "is not valid before 1970-04-11; check the clock and the file");
    expect(from, "");
    expect(to - DAY, "expires on 1970-07-20, in 1 day; renew it");
    expect(to + 1, "expired on 1970-07-20; renew it");
    char text[8];
    assert_int_equal(tls_expiry_print(from, to, to + 1, text, sizeof(text)), 31);
    assert_string_equal(text, "expired");
    assert_string_equal(tls_expiry_name(TLS_EXPIRY_ENDED), "expired");
    assert_string_equal(tls_expiry_name(TLS_EXPIRY_EARLY), "not valid yet");
}

static void test_a_warning_is_due_once_a_day(void **unused)
{
    struct tls_expiry_notice notice = {0};
    assert_false(tls_expiry_is_due(&notice, 0, 1000));
    assert_true(tls_expiry_is_due(&notice, 1, 1000));
    assert_false(tls_expiry_is_due(&notice, 1, 1005));
    assert_true(tls_expiry_is_due(&notice, 2, 1010)); /* it has become worse */
    assert_false(tls_expiry_is_due(&notice, 2, 1010 + DAY - 1));
    assert_true(tls_expiry_is_due(&notice, 2, 1010 + DAY));
    assert_true(tls_expiry_is_due(&notice, 2, 5)); /* the clock went back */
    assert_false(tls_expiry_is_due(&notice, 0, 10));
    assert_true(tls_expiry_is_due(&notice, 2, 11)); /* it was solved, and is back */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_change_at_the_second),
        cmocka_unit_test(test_the_sentence_names_the_day),
        cmocka_unit_test(test_a_warning_is_due_once_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
