#include "base/reason.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>

#include "base/base.h"

#include <cmocka.h>

/* RFC 6455 section 7.4.1: codes that we may send. */
static bool code_may_be_sent(uint16_t code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

static void test_every_row(void **unused)
{
    for (enum reason reason = 0; reason < REASON_COUNT; reason++) {
        const struct reason_row *row = reason_row(reason);
        assert_true(row->close_code == 0 || code_may_be_sent(row->close_code));
        assert_true(row->http_status == 0 || (row->http_status >= 400 && row->http_status <= 599));
        assert_true(row->level >= REASON_INFO || reason == REASON_answered ||
                    reason == REASON_silent);
        assert_true(row->level <= REASON_ERROR);
        assert_true((reason == REASON_none) == (row->text[0] == '\0'));
        for (const char *c = row->name; *c; c++) /* a metric label and a log value */
            assert_true(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_');
        for (const char *c = row->text; *c; c++)
            assert_in_range(*c, ' ', '~');
        for (enum reason other = 0; other < reason; other++)
            assert_string_not_equal(row->name, reason_row(other)->name);
    }
}

/* After the upgrade, a reason that the client is alive for has a Close code. */
static void test_frames_that_break_the_rules_have_codes(void **unused)
{
    for (enum reason reason = REASON_ws_unmasked; reason <= REASON_ws_bad_utf8; reason++)
        assert_in_range(reason_row(reason)->close_code, 1002, 1007);
    for (enum reason reason = REASON_http_malformed; reason <= REASON_ws_header; reason++)
        assert_in_range(reason_row(reason)->http_status, 400, 505);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_frames_that_break_the_rules_have_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
