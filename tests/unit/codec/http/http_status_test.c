#include "codec/http/http_status.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/reason.h"

static void test_every_status_has_a_phrase(void **state)
{
    for (unsigned i = 0; i < REASON_COUNT; i++)
        if (reason_row((enum reason)i)->http_status)
            assert_true(*http_status_phrase(reason_row((enum reason)i)->http_status));
}

static void test_phrases(void **state)
{
    assert_string_equal(http_status_phrase(200), "OK");
    assert_string_equal(http_status_phrase(409), "Conflict");
    assert_string_equal(http_status_phrase(426), "Upgrade Required");
    assert_string_equal(http_status_phrase(505), "HTTP Version Not Supported");
}

/* A status that another server sends has a phrase of its class, also if it is not known. */
static void test_nearest(void **state)
{
    for (unsigned status = 200; status < 600; status++) {
        unsigned nearest = http_status_nearest(status);
        assert_int_equal(nearest / 100, status / 100);
        assert_true(*http_status_phrase(nearest));
    }
    assert_int_equal(http_status_nearest(302), 302);
    assert_int_equal(http_status_nearest(418), 400);
    assert_int_equal(http_status_nearest(399), 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status_has_a_phrase),
        cmocka_unit_test(test_phrases),
        cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
