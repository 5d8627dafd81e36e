#include "codec/http/answer/http_answer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct http_limits limits = {512, 512, 6};

static struct http_answer answer;
static const char *fault;
static size_t consumed;

static enum http_answer_verdict parse_once(const char *text, size_t length, enum http_asked asked)
{
    struct http_scan scan = http_scan_answer();
    return http_answer_parse(&answer, (struct slice){text, length}, &limits, asked, &scan,
                             &consumed, &fault);
}

/* The verdict is the same for each cut in two, and byte by byte. */
static enum http_answer_verdict parse_for(const char *text, enum http_asked asked)
{
    size_t length = strlen(text);
    enum http_answer_verdict whole = parse_once(text, length, asked);
    const char *expected = fault;
    size_t end = consumed;
    struct http_scan drip = http_scan_answer();
    enum http_answer_verdict verdict = HTTP_ANSWER_MORE;
    for (size_t cut = 0; cut <= length && verdict == HTTP_ANSWER_MORE; cut++) {
        struct slice part = {text, cut};
        verdict = http_answer_parse(&answer, part, &limits, asked, &drip, &consumed, &fault);
        if (verdict != HTTP_ANSWER_MORE)
            break;
        struct http_scan scan = drip;
        assert_int_equal(
            http_answer_parse(&answer, slice_of(text), &limits, asked, &scan, &consumed, &fault),
            whole);
    }
    assert_int_equal(verdict, whole);
    assert_ptr_equal(fault, expected);
    if (whole == HTTP_ANSWER_DONE)
        assert_int_equal(consumed, end);
    return whole;
}

static enum http_answer_verdict parse(const char *text)
{
    return parse_for(text, HTTP_ASKED_GET);
}

static void expect_body(const char *text, enum http_answer_body body, uint64_t length,
                        bool persists)
{
    assert_int_equal(parse(text), HTTP_ANSWER_DONE);
    assert_int_equal(answer.body, body);
    assert_int_equal(answer.length, length);
    assert_int_equal(answer.persists, persists);
}

static void expect_fault(const char *text, const char *expected)
{
    assert_int_equal(parse(text), HTTP_ANSWER_BAD);
    if (!strstr(fault, expected))
        fail_msg("\"%s\" instead of \"%s\" for %s", fault, expected, text);
}

#define OK "HTTP/1.1 200 OK\r\n"

static void test_finds_the_parts(void **state)
{
    assert_int_equal(parse("HTTP/1.1 302 Found there\r\nLocation: /a \r\nX:\r\n\r\nbody"),
                     HTTP_ANSWER_DONE);
    assert_int_equal(answer.status, 302);
    assert_true(slice_equal(answer.phrase, SLICE("Found there")));
    assert_int_equal(answer.head.minor_version, 1);
    assert_int_equal(answer.head.field_count, 2);
    assert_true(slice_equal(http_answer_field(&answer, SLICE("location")), SLICE("/a")));
    assert_int_equal(http_answer_field(&answer, SLICE("Absent")).len, 0);
    assert_int_equal(parse("HTTP/1.1 200\r\n\r\n"), HTTP_ANSWER_DONE);
    assert_int_equal(answer.phrase.len, 0);
    assert_int_equal(parse("HTTP/1.1 200 \r\n\r\n"), HTTP_ANSWER_DONE);
    assert_int_equal(parse(OK "A: 1\r\nA: 2\r\n\r\n"), HTTP_ANSWER_DONE);
    assert_int_equal(http_answer_field(&answer, SLICE("A")).len, 0);
}

static void test_how_bodies_end(void **state)
{
    expect_body(OK "\r\n", HTTP_ANSWER_UNTIL_CLOSE, 0, false);
    expect_body(OK "Content-Length: 5\r\n\r\n", HTTP_ANSWER_LENGTH, 5, true);
    expect_body(OK "Content-Length: 0\r\n\r\n", HTTP_ANSWER_EMPTY, 0, true);
    expect_body(OK "Transfer-Encoding: Chunked\r\n\r\n", HTTP_ANSWER_CHUNKED, 0, true);
    expect_body("HTTP/1.1 204 No Content\r\n\r\n", HTTP_ANSWER_EMPTY, 0, true);
    expect_body("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", HTTP_ANSWER_EMPTY, 7,
                true);
    assert_int_equal(parse_for(OK "Content-Length: 7\r\n\r\n", HTTP_ASKED_HEAD), HTTP_ANSWER_DONE);
    assert_int_equal(answer.body, HTTP_ANSWER_EMPTY);
}

static void test_persistence(void **state)
{
    expect_body(OK "Content-Length: 1\r\nConnection: Close\r\n\r\n", HTTP_ANSWER_LENGTH, 1, false);
    expect_body(OK "Content-Length: 1\r\nConnection: a, close\r\n\r\n", HTTP_ANSWER_LENGTH, 1,
                false);
    expect_body("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", HTTP_ANSWER_LENGTH, 1, false);
    expect_body("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n",
                HTTP_ANSWER_LENGTH, 1, true);
}

static void test_interim(void **state)
{
    assert_int_equal(parse("HTTP/1.1 100 Continue\r\n\r\nHTTP"), HTTP_ANSWER_INTERIM);
    assert_int_equal(parse("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), HTTP_ANSWER_INTERIM);
    expect_fault("HTTP/1.1 101 Switching Protocols\r\n\r\n", "another protocol");
    expect_fault("HTTP/1.1 100 Continue\r\nContent-Length: 1\r\n\r\n", "does not allow");
    expect_fault("HTTP/1.1 204 Nothing\r\nTransfer-Encoding: chunked\r\n\r\n", "does not allow");
}

#define SWITCH "HTTP/1.1 101 Switching Protocols\r\n"

static void expect_no_switch(const char *text, const char *expected)
{
    assert_int_equal(parse_for(text, HTTP_ASKED_UPGRADE), HTTP_ANSWER_BAD);
    assert_non_null(strstr(fault, expected));
}

static void test_upgrades(void **state)
{
    assert_int_equal(parse_for(SWITCH "Upgrade: x\r\n\r\nx", HTTP_ASKED_UPGRADE), HTTP_ANSWER_DONE);
    assert_int_equal(answer.status, 101);
    assert_int_equal(answer.body, HTTP_ANSWER_EMPTY);
    assert_false(answer.persists);
    assert_int_equal(consumed, strlen(SWITCH "Upgrade: x\r\n\r\n"));
    expect_no_switch(SWITCH "Content-Length: 0\r\n\r\n", "does not allow");
    expect_no_switch(SWITCH "Content-Length: 5\r\n\r\n", "does not allow");
    expect_no_switch(SWITCH "Transfer-Encoding: chunked\r\n\r\n", "does not allow");
    expect_no_switch(SWITCH "A: b\r\n c\r\n\r\n", "no valid HTTP");
    assert_int_equal(parse_for("HTTP/1.1 100 Continue\r\n\r\n", HTTP_ASKED_UPGRADE),
                     HTTP_ANSWER_INTERIM);
    assert_int_equal(parse_for("HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\n", HTTP_ASKED_UPGRADE),
                     HTTP_ANSWER_DONE);
    assert_int_equal(answer.body, HTTP_ANSWER_LENGTH);
    assert_int_equal(parse_for(SWITCH "\r\n", HTTP_ASKED_HEAD), HTTP_ANSWER_BAD);
}

static void test_two_ends(void **state)
{
    expect_fault(OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", "several lengths");
    expect_fault(OK "Content-Length: 5, 5\r\n\r\n", "no number");
    expect_fault(OK "Content-Length: +5\r\n\r\n", "no number");
    expect_fault(OK "Content-Length: -1\r\n\r\n", "no number");
    expect_fault(OK "Content-Length:\r\n\r\n", "no number");
    expect_fault(OK "Content-Length: 0x5\r\n\r\n", "no number");
    expect_fault(OK "Content-Length: 9223372036854775808\r\n\r\n", "no number");
    expect_fault(OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "and is chunked");
    expect_fault(OK "Transfer-Encoding: gzip, chunked\r\n\r\n", "other than chunked");
    expect_fault(OK "Transfer-Encoding: chunked, chunked\r\n\r\n", "other than chunked");
    expect_fault(OK "Transfer-Encoding: xchunked\r\n\r\n", "other than chunked");
    expect_fault(OK "Transfer-Encoding:\r\n\r\n", "other than chunked");
    expect_fault(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                 "other than chunked");
    expect_fault("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "but HTTP/1.0");
}

static void test_grammar(void **state)
{
    static const char *const malformed[] = {
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        " HTTP/1.1 200 OK\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 600 OK\r\n\r\n",
        "HTTP/1.1 200\tOK\r\n\r\n",
        "HTTP/1.1 200 O\x01K\r\n\r\n",
        "HTTP/1.1 200 OK\n\n",
        OK "A: 1\n\r\n",
        OK "A : 1\r\n\r\n",
        OK " A: 1\r\n\r\n",
        OK "A: 1\r\n b\r\n\r\n",
        OK "A\r\n\r\n",
        OK ": 1\r\n\r\n",
        OK "A: 1\rB: 2\r\n\r\n",
        OK "Content-Length : 5\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "RFB 003.008\n",
        "HTTP/1.1 200 OK\r\nA: \x7f\r\n\r\n",
        "HTTP/1.1,200 OK\r\n\r\n",
    };
    for (size_t i = 0; i < WSL_COUNT(malformed); i++)
        expect_fault(malformed[i], "no valid HTTP");
    expect_fault("HTTP/2.0 200 OK\r\n\r\n", "not HTTP/1.0 or 1.1");
}

static void test_limits(void **state)
{
    static const char front[] = OK "A: ", end[] = "\r\n\r\n";
    char text[512 + 1] = {0};
    size_t size = limits.head_bytes;
    expect_fault(OK "A:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\nG:\r\n\r\n", "too large");
    memset(text, 'x', size);
    memcpy(text, front, strlen(front));
    expect_fault(text, "too large");
    memcpy(text + size - strlen(end), end, strlen(end));
    assert_int_equal(parse(text), HTTP_ANSWER_DONE);
    assert_int_equal(consumed, limits.head_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_parts), cmocka_unit_test(test_how_bodies_end),
        cmocka_unit_test(test_persistence),     cmocka_unit_test(test_interim),
        cmocka_unit_test(test_upgrades),        cmocka_unit_test(test_two_ends),
        cmocka_unit_test(test_grammar),         cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
