#include "codec/http/answer/http_freshness.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MOST 3600

static void expect(const char *fields, uint32_t seconds)
{
    static const struct http_limits limits = {1024, 1024, HTTP_FIELDS_MAX};
    struct http_scan scan = http_scan_answer();
    struct http_answer answer;
    char text[512];
    size_t consumed;
    const char *fault;
    snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n%s\r\n", fields);
    assert_int_equal(http_answer_parse(&answer, slice_of(text), &limits, HTTP_ASKED_GET, &scan,
                                       &consumed, &fault),
                     HTTP_ANSWER_DONE);
    if (http_freshness_seconds(&answer, MOST) != seconds)
        fail_msg("%u instead of %u: %s", http_freshness_seconds(&answer, MOST), seconds, fields);
}

static void test_lifetimes(void **state)
{
    expect("", 0);
    expect("Expires: Thu, 01 Jan 2099 00:00:00 GMT\r\n", 0);
    expect("Cache-Control: max-age=60\r\n", 60);
    expect("cache-control: MAX-AGE=60, must-revalidate\r\n", 60);
    expect("Cache-Control: max-age=\"60\"\r\n", 60);
    expect("Cache-Control: public\r\nCache-Control: max-age=60\r\n", 60);
    expect("Cache-Control: max-age=60, max-age=30\r\n", 30);
    expect("Cache-Control: s-maxage=5, max-age=60\r\n", 5);
    expect("Cache-Control: max-age=5, s-maxage=60\r\n", 60);
    expect("Cache-Control: max-age=0\r\n", 0);
    expect("Cache-Control: max-age=999999\r\n", MOST);
    expect("Cache-Control: max-age=99999999999999999999999\r\n", MOST);
    expect("Cache-Control: max-age=60\r\nAge: 20\r\n", 40);
    expect("Cache-Control: max-age=60\r\nAge: 60\r\n", 0);
    expect("Cache-Control: max-age=60\r\nVary: Accept-Encoding\r\n", 60);
}

static void test_not_kept(void **state)
{
    expect("Cache-Control: no-store, max-age=60\r\n", 0);
    expect("Cache-Control: max-age=60, No-Store\r\n", 0);
    expect("Cache-Control: max-age=60\r\nCache-Control: no-cache\r\n", 0);
    expect("Cache-Control: no-cache=\"Set-Cookie\", max-age=60\r\n", 0);
    expect("Cache-Control: private, max-age=60\r\n", 0);
    expect("Cache-Control: max-age=60\r\nVary: Cookie\r\n", 0);
    expect("Cache-Control: max-age=60\r\nVary: *\r\n", 0);
    expect("Cache-Control: max-age=60\r\nAge: x\r\n", 0);
    expect("Cache-Control: max-age=60\r\nAge: 1\r\nAge: 2\r\n", 0);
    expect("Cache-Control: max-age=-1\r\n", 0);
    expect("Cache-Control: max-age=\r\n", 0);
    expect("Cache-Control: max-age\r\n", 0);
    expect("Cache-Control: max-age=60s, max-age=60\r\n", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lifetimes),
        cmocka_unit_test(test_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
