/* The scan alone; http_head_test has the grammar. */
#include "codec/http/http_scan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HEAD "GET /a?b HTTP/1.1\r\nHost:  x \r\nEmpty:\r\n\r\n"

static const struct http_limits limits = {1000, 20, 2};

static struct http_field fields[HTTP_FIELDS_MAX];
static struct http_parts parts;
static struct http_scan scan;

static enum reason read_all(const char *text)
{
    scan = (struct http_scan){0};
    parts = (struct http_parts){.fields = fields};
    return http_scan_read(&scan, slice_of(text), &limits, &parts);
}

static void test_finds_the_parts(void **state)
{
    assert_int_equal(read_all(HEAD "body"), REASON_none);
    assert_true(http_scan_is_done(&scan));
    assert_int_equal(scan.at, strlen(HEAD));
    assert_true(slice_equal(parts.method, SLICE("GET")));
    assert_true(slice_equal(parts.target, SLICE("/a?b")));
    assert_int_equal(parts.minor_version, 1);
    assert_int_equal(scan.fields, 2);
    assert_true(slice_equal(fields[0].name, SLICE("Host")));
    assert_true(slice_equal(fields[0].value, SLICE("x")));
    assert_true(slice_equal(fields[1].name, SLICE("Empty")));
    assert_int_equal(fields[1].value.len, 0);
}

/* The buffer grows byte by byte, and no byte is read twice. */
static void test_resumes(void **state)
{
    scan = (struct http_scan){0};
    for (size_t length = 1; length <= strlen(HEAD); length++) {
        assert_false(http_scan_is_done(&scan));
        assert_int_equal(http_scan_read(&scan, (struct slice){HEAD, length}, &limits, &parts),
                         REASON_none);
        assert_int_equal(scan.at, length);
        bool in_target = length >= strlen("GET ") && length < strlen("GET /a?b ");
        assert_int_equal(http_scan_is_in_target(&scan), in_target);
    }
    assert_true(http_scan_is_done(&scan));
}

static void test_a_violation_is_final(void **state)
{
    assert_int_equal(read_all("GET /\x01"), REASON_http_malformed);
    size_t at = scan.at;
    assert_int_equal(http_scan_read(&scan, SLICE("GET /\x01 HTTP/1.1\r\n"), &limits, &parts),
                     REASON_http_malformed);
    assert_int_equal(scan.at, at);
    assert_false(http_scan_is_done(&scan));
}

static void test_answers(void **state)
{
    scan = http_scan_answer();
    parts = (struct http_parts){.fields = fields};
    struct slice text = SLICE("HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n");
    assert_int_equal(http_scan_read(&scan, text, &limits, &parts), REASON_none);
    assert_true(http_scan_is_done(&scan));
    assert_int_equal(parts.status, 404);
    assert_int_equal(parts.minor_version, 0);
    assert_int_equal(scan.fields, 1);
    scan = http_scan_answer();
    assert_int_equal(http_scan_read(&scan, SLICE("GET / HTTP/1.1"), &limits, &parts),
                     REASON_http_malformed);
}

static void test_limits(void **state)
{
    assert_int_equal(read_all("GET /2345678901234567890"), REASON_none);
    assert_int_equal(read_all("GET /23456789012345678901"), REASON_http_uri_too_long);
    assert_int_equal(read_all("GET / HTTP/1.1\r\na:\r\nb:\r\nc"), REASON_http_head_too_large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_parts),
        cmocka_unit_test(test_resumes),
        cmocka_unit_test(test_a_violation_is_final),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
