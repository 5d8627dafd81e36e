#include "codec/http/answer/http_collect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

#define BODY_MAX 20
#define OK       "HTTP/1.1 200 OK\r\n"

static struct http_collect collect;

static enum http_answer_verdict take(const char *text, size_t length, size_t *used)
{
    char *copy = malloc(length ? length : 1); /* so that the sanitizer reports an overrun */
    assert_non_null(copy);
    memcpy(copy, text, length);
    enum http_answer_verdict verdict =
        http_collect_take(&collect, (struct slice){copy, length}, used);
    free(copy);
    return verdict;
}

struct expected {
    enum http_answer_verdict verdict, at_end;
    const char *body, *fault;
    size_t left;
};

static void check(const struct expected *expected, enum http_answer_verdict verdict, size_t left)
{
    assert_int_equal(verdict, expected->verdict);
    assert_int_equal(http_collect_end(&collect), expected->at_end);
    if (expected->at_end == HTTP_ANSWER_BAD) {
        if (!collect.fault || !strstr(collect.fault, expected->fault))
            fail_msg("\"%s\" instead of \"%s\"", collect.fault, expected->fault);
        return;
    }
    if (expected->verdict == HTTP_ANSWER_DONE)
        assert_int_equal(left, expected->left);
    assert_int_equal(collect.answer.status, 200);
    assert_int_equal(collect.body.length, strlen(expected->body));
    assert_memory_equal(collect.body.bytes ? collect.body.bytes : "", expected->body,
                        strlen(expected->body));
}

/* In two pieces with each cut, and byte by byte. */
static void expect(const char *text, const struct expected *expected)
{
    size_t size = strlen(text), used = 0, more = 0;
    for (size_t cut = 0; cut <= size; cut++) {
        http_collect_begin(&collect, BODY_MAX, HTTP_ASKED_GET);
        enum http_answer_verdict verdict = take(text, cut, &used);
        if (verdict == HTTP_ANSWER_MORE) {
            assert_int_equal(used, cut);
            verdict = take(text + cut, size - cut, &more);
            used += more;
        }
        check(expected, verdict, size - used);
        http_collect_free(&collect);
    }
    http_collect_begin(&collect, BODY_MAX, HTTP_ASKED_GET);
    enum http_answer_verdict verdict = HTTP_ANSWER_MORE;
    size_t at = 0;
    for (; at < size && verdict == HTTP_ANSWER_MORE; at++)
        verdict = take(text + at, 1, &used);
    check(expected, verdict, size - at);
    http_collect_free(&collect);
}

static void expect_body(const char *text, const char *body, size_t left)
{
    expect(text, &(struct expected){.verdict = HTTP_ANSWER_DONE,
                                    .at_end = HTTP_ANSWER_DONE,
                                    .body = body,
                                    .left = left});
}

static void expect_fault(const char *text, const char *fault)
{
    expect(text, &(struct expected){
                     .verdict = HTTP_ANSWER_BAD, .at_end = HTTP_ANSWER_BAD, .fault = fault});
}

static void expect_cut(const char *text, const char *fault)
{
    expect(text, &(struct expected){
                     .verdict = HTTP_ANSWER_MORE, .at_end = HTTP_ANSWER_BAD, .fault = fault});
}

static void test_bodies(void **state)
{
    expect_body(OK "Content-Length: 5\r\n\r\nhello", "hello", 0);
    expect_body(OK "Content-Length: 5\r\n\r\nhelloHTTP", "hello", 4);
    expect_body(OK "Content-Length: 0\r\n\r\nx", "", 1);
    expect_body(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nx", "hello",
                1);
    expect_body("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n" OK
                "Content-Length: 2\r\n\r\nok",
                "ok", 0);
    expect(OK "\r\nhello", &(struct expected){.verdict = HTTP_ANSWER_MORE,
                                              .at_end = HTTP_ANSWER_DONE,
                                              .body = "hello"});
}

static void test_cut_off(void **state)
{
    expect_cut("", "is empty");
    expect_cut("H", "cut off");
    expect_cut(OK "A: b\r\n", "cut off");
    expect_cut(OK "Content-Length: 5\r\n\r\nhell", "cut off");
    expect_cut(OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "cut off");
    expect_cut("HTTP/1.1 100 Continue\r\n\r\n", "cut off");
}

static void test_limits(void **state)
{
    expect_body(OK "Content-Length: 20\r\n\r\n01234567890123456789", "01234567890123456789", 0);
    expect_fault(OK "Content-Length: 21\r\n\r\n", "body that is too large");
    expect_fault(OK "\r\n012345678901234567890", "body that is too large");
    expect_fault(OK "Transfer-Encoding: chunked\r\n\r\n15\r\n012345678901234567890\r\n",
                 "body that is too large");
    static const char one[] = "HTTP/1.1 100 C\r\n\r\n";
    char interims[9 * (sizeof(one) - 1) + 1] = "";
    for (size_t i = 0; i < 9; i++)
        memcpy(interims + i * (sizeof(one) - 1), one, sizeof(one));
    expect_fault(interims, "too many interim");
}

static void test_malformed(void **state)
{
    expect_fault("SSH-2.0-OpenSSH\r\n", "no valid HTTP");
    expect_fault(OK "Content-Length: x\r\n\r\n", "no number");
    expect_fault(OK "Transfer-Encoding: chunked\r\n\r\nx", "malformed chunks");
}

static void test_answers_to_head(void **state)
{
    size_t used;
    const char text[] = OK "Content-Length: 500\r\n\r\n";
    http_collect_begin(&collect, BODY_MAX, HTTP_ASKED_HEAD);
    assert_int_equal(take(text, strlen(text), &used), HTTP_ANSWER_DONE);
    http_collect_free(&collect);
}

/* Complete with the head, so that frames, or the body of a refusal, are left. */
static void test_answers_to_an_upgrade(void **state)
{
    static const char *const heads[] = {
        "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 101 S\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 21\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n",
    };
    size_t used;
    for (size_t i = 0; i < WSL_COUNT(heads); i++) {
        char text[200];
        int size = snprintf(text, sizeof(text), "%s\x82\x01x", heads[i]);
        http_collect_begin(&collect, BODY_MAX, HTTP_ASKED_UPGRADE);
        assert_int_equal(take(text, (size_t)size, &used), HTTP_ANSWER_DONE);
        assert_int_equal(used, strlen(heads[i]));
        assert_int_equal(collect.body.length, 0);
        http_collect_free(&collect);
    }
}

static void test_without_memory(void **state)
{
    size_t used;
    struct slice text = SLICE(OK "Content-Length: 5\r\n\r\nhello");
    for (unsigned call = 1; call <= 2; call++) {
        http_collect_begin(&collect, BODY_MAX, HTTP_ASKED_GET);
        failing_alloc_arm(call);
        enum http_answer_verdict verdict = http_collect_take(&collect, text, &used);
        assert_true(failing_alloc_disarm());
        assert_int_equal(verdict, HTTP_ANSWER_BAD);
        assert_string_equal(collect.fault, "did not fit into memory");
        http_collect_free(&collect);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),          cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_limits),          cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_answers_to_head), cmocka_unit_test(test_answers_to_an_upgrade),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
