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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status_has_a_phrase),
        cmocka_unit_test(test_phrases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
