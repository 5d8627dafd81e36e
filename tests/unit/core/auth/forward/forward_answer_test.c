#include "core/auth/forward/forward_answer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct http_answer answer;

static struct forward_answer judge(unsigned status, const char *fields)
{
    static const struct http_limits limits = {1024, 1024, HTTP_FIELDS_MAX};
    static char text[512];
    struct http_scan scan = http_scan_answer();
    size_t consumed;
    const char *fault;
    snprintf(text, sizeof(text), "HTTP/1.1 %u X\r\n%s\r\n", status, fields);
    (void)!http_answer_parse(&answer, slice_of(text), &limits, HTTP_ASKED_GET, &scan, &consumed,
                             &fault);
    return forward_answer_judge(&answer, "Remote-User", "X-Target");
}

static void test_passed(void **state)
{
    struct forward_answer verdict = judge(200, "remote-user: ann\r\n");
    assert_int_equal(verdict.reason, REASON_none);
    assert_true(slice_equal(verdict.user, SLICE("ann")));
    verdict = judge(204, "");
    assert_int_equal(verdict.reason, REASON_none);
    assert_int_equal(verdict.user.len, 0);
    verdict = judge(200, "Remote-User: ann\r\nRemote-User: root\r\n");
    assert_int_equal(verdict.reason, REASON_auth_unavailable);
    assert_non_null(verdict.fault);
}

static void test_targets(void **state)
{
    struct forward_answer verdict = judge(200, "X-Target: desk:5900\r\n");
    assert_int_equal(verdict.reason, REASON_none);
    assert_true(slice_equal(verdict.target, SLICE("desk:5900")));
    assert_int_equal(judge(200, "").target.len, 0);
    assert_int_equal(judge(302, "X-Target: desk:5900\r\n").target.len, 0);
    verdict = judge(200, "X-Target: desk:5900\r\nx-target: root:22\r\n");
    assert_int_equal(verdict.reason, REASON_auth_unavailable);
    assert_string_equal(verdict.fault, "names several targets");
    verdict = forward_answer_judge(&answer, "Remote-User", NULL);
    assert_int_equal(verdict.reason, REASON_none);
    assert_int_equal(verdict.target.len, 0);
}

/* Each status has a verdict, and nothing but 2xx passes. */
static void test_statuses(void **state)
{
    for (unsigned status = 200; status < 600; status++) {
        struct forward_answer verdict = judge(status, "Remote-User: ann\r\n");
        assert_int_equal(verdict.reason == REASON_none, status < 300);
        assert_int_equal(verdict.relayed, status >= 300 && status < 500 && status != 304);
        assert_int_equal(verdict.reason == REASON_auth_unavailable, status >= 500 || status == 304);
    }
    assert_int_equal(judge(401, "").reason, REASON_auth_required);
    assert_int_equal(judge(302, "").reason, REASON_auth_required);
    assert_int_equal(judge(403, "").reason, REASON_auth_refused);
    assert_int_equal(judge(429, "").reason, REASON_auth_throttled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passed),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
