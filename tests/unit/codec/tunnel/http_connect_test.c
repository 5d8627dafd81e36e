/* CONNECT: the request's bytes, and answers that are cut everywhere. */
#include "codec/tunnel/http_connect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct tunnel_request plain = {.host = {"desk", 4}, .port = 5900};
static const struct tunnel_request login = {
    .host = {"desk", 4}, .port = 5900, .user = {"Aladdin", 7}, .password = {"open sesame", 11}};

/* ---- the request ---- */

static void assert_request(const struct tunnel_request *request, const char *wanted)
{
    char text[512];
    struct http_connect connect;
    struct writer out = writer_to(text, sizeof(text));
    assert_true(http_connect_begin(&connect, request, &out));
    assert_true(slice_equal((struct slice){text, out.length}, slice_of(wanted)));
}

static bool may_begin(const struct tunnel_request *request, size_t room)
{
    char *text = malloc(room + 1);
    struct http_connect connect;
    assert_non_null(text);
    struct writer out = writer_to(text, room);
    bool begun = http_connect_begin(&connect, request, &out);
    free(text);
    return begun;
}

static void test_writes_the_request(void **state)
{
    assert_request(&plain, "CONNECT desk:5900 HTTP/1.1\r\nHost: desk:5900\r\n\r\n");
    assert_request(&(struct tunnel_request){.host = SLICE("fd00::1"), .port = 22},
                   "CONNECT [fd00::1]:22 HTTP/1.1\r\nHost: [fd00::1]:22\r\n\r\n");
    assert_request(&(struct tunnel_request){.host = SLICE("10.0.0.1"), .port = 65535},
                   "CONNECT 10.0.0.1:65535 HTTP/1.1\r\nHost: 10.0.0.1:65535\r\n\r\n");
}

static void test_writes_the_login(void **state)
{
    assert_request(&login, "CONNECT desk:5900 HTTP/1.1\r\nHost: desk:5900\r\n"
                           "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
    struct tunnel_request request = plain;
    request.user = SLICE("a");
    request.password = SLICE("");
    assert_request(&request, "CONNECT desk:5900 HTTP/1.1\r\nHost: desk:5900\r\n"
                             "Proxy-Authorization: Basic YTo=\r\n\r\n");
    request.password = SLICE("b:c");
    assert_request(&request, "CONNECT desk:5900 HTTP/1.1\r\nHost: desk:5900\r\n"
                             "Proxy-Authorization: Basic YTpiOmM=\r\n\r\n");
}

static void test_refuses_what_it_cannot_say(void **state)
{
    static char name[1022];
    struct tunnel_request request = plain;
    assert_true(may_begin(&request, 47));
    assert_false(may_begin(&request, 46));
    request.host = SLICE("desk\r\nX:");
    assert_false(may_begin(&request, 4096));
    request = login;
    request.user = SLICE("a:b");
    assert_false(may_begin(&request, 4096));
    memset(name, 'n', sizeof(name));
    request.user = (struct slice){name, sizeof(name)};
    request.password = SLICE("x");
    assert_true(may_begin(&request, 4096));
    request.password = SLICE("xy");
    assert_false(may_begin(&request, 4096));
}

/* ---- the answer ---- */

struct outcome {
    enum tunnel_verdict verdict;
    size_t used;
    struct tunnel_fault fault;
};

/* From memory of exactly that size, so that a sanitizer reports a read behind it. */
static struct outcome read_cut(const struct tunnel_request *request, struct slice text, size_t cut)
{
    struct outcome out = {.verdict = TUNNEL_MORE};
    char request_text[512];
    struct http_connect connect;
    struct writer writer = writer_to(request_text, sizeof(request_text));
    assert_true(http_connect_begin(&connect, request, &writer));
    for (size_t length = cut; out.verdict == TUNNEL_MORE && length <= text.len;
         length = length < text.len ? text.len : text.len + 1) {
        char *copy = slice_copy((struct slice){text.ptr, length});
        char *exact = malloc(length ? length : 1);
        assert_true(copy && exact);
        memcpy(exact, copy, length);
        out.verdict = http_connect_read(&connect, request, (struct slice){exact, length}, &out.used,
                                        &out.fault);
        assert_true(out.used <= length);
        free(copy);
        free(exact);
    }
    return out;
}

static struct outcome read_answer(const struct tunnel_request *request, struct slice text)
{
    struct outcome whole = read_cut(request, text, text.len);
    for (size_t cut = 0; cut < text.len; cut++) {
        struct outcome part = read_cut(request, text, cut);
        assert_int_equal(part.verdict, whole.verdict);
        assert_int_equal(part.used, whole.used);
        if (whole.verdict == TUNNEL_FAILED)
            assert_string_equal(part.fault.text, whole.fault.text);
    }
    return whole;
}

static void assert_open(struct slice head, const char *behind)
{
    char text[512];
    int length = snprintf(text, sizeof(text), "%.*s%s", (int)head.len, head.ptr, behind);
    struct outcome out = read_answer(&plain, (struct slice){text, (size_t)length});
    assert_int_equal(out.verdict, TUNNEL_OPEN);
    assert_int_equal(out.used, head.len);
}

static void assert_failed(const struct tunnel_request *request, const char *text,
                          enum reason reason, const char *words)
{
    struct outcome out = read_answer(request, slice_of(text));
    assert_int_equal(out.verdict, TUNNEL_FAILED);
    assert_string_equal(reason_row(out.fault.reason)->name, reason_row(reason)->name);
    assert_string_equal(out.fault.text, words);
}

static void test_opens(void **state)
{
    assert_open(SLICE("HTTP/1.1 200 Connection established\r\n\r\n"), "");
    assert_open(SLICE("HTTP/1.0 200 OK\r\nVia: x\r\n\r\n"), "SSH-2.0-x\r\n");
    assert_open(SLICE("HTTP/1.1 204\r\n\r\n"), "RFB 003.008\n");
    /* RFC 9110 section 9.3.6: a client ignores what such an answer says about a body. */
    assert_open(SLICE("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), "hello");
    assert_open(SLICE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), "5");
}

static void test_skips_interim_answers(void **state)
{
    assert_open(SLICE("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Wait\r\nA: b\r\n\r\n"
                      "HTTP/1.1 200 OK\r\n\r\n"),
                "HTTP/1.1 500 no\r\n\r\n");
    assert_failed(&plain, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\n\r\n",
                  REASON_target_proxy_refused, "answers 403 No");
}

static void test_refusals(void **state)
{
    assert_failed(&plain, "HTTP/1.1 403 Forbidden\r\n\r\nbody", REASON_target_proxy_refused,
                  "answers 403 Forbidden");
    assert_failed(&plain, "HTTP/1.1 302\r\nLocation: /\r\n\r\n", REASON_target_proxy_refused,
                  "answers 302");
    assert_failed(&plain, "HTTP/1.1 500 Unable to connect\r\n\r\n", REASON_target_unreachable,
                  "answers 500 Unable to connect");
    assert_failed(&plain, "HTTP/1.1 504 Late\r\n\r\n", REASON_target_timeout, "answers 504 Late");
    assert_failed(&plain, "HTTP/1.1 403 \t\xff\xc3\xa4 a\r\n\r\n", REASON_target_proxy_refused,
                  "answers 403 ???? a");
    assert_failed(&plain, "HTTP/1.1 403 01234567890123456789012345678901234567890\r\n\r\n",
                  REASON_target_proxy_refused,
                  "answers 403 0123456789012345678901234567890123456789");
}

static void test_refused_logins(void **state)
{
    assert_failed(&plain, "HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n",
                  REASON_target_proxy_auth, "answers 407: it wants a user and a password");
    assert_failed(&login,
                  "HTTP/1.1 407 X\r\nProxy-Authenticate: NTLM\r\n"
                  "proxy-authenticate: Digest a=b, basic realm=\"x\"\r\n\r\n",
                  REASON_target_proxy_auth, "answers 407: it does not accept user and password");
    assert_failed(&login, "HTTP/1.1 407 X\r\nProxy-Authenticate: Negotiate\r\n\r\n",
                  REASON_target_proxy_auth, "answers 407, and wants another login than Basic");
    assert_failed(&login, "HTTP/1.1 407 X\r\nProxy-Authenticate: Bas\r\n\r\n",
                  REASON_target_proxy_auth, "answers 407, and wants another login than Basic");
}

/* tinyproxy answers so to a wrong login. */
static void test_a_refused_login_as_of_a_server(void **state)
{
    assert_failed(&plain, "HTTP/1.1 401 Unauthorized\r\n\r\n", REASON_target_proxy_auth,
                  "answers 401: it wants a user and a password");
    assert_failed(&login, "HTTP/1.1 401 Unauthorized\r\n\r\n", REASON_target_proxy_auth,
                  "answers 401: it does not accept user and password");
}

static void test_refuses_what_is_no_answer(void **state)
{
    const enum reason failed = REASON_target_proxy_failed;
    assert_failed(&plain, "\5\377", failed, "gave an answer that is no valid HTTP");
    assert_failed(&plain, "SSH-2.0-x\r\n", failed, "gave an answer that is no valid HTTP");
    assert_failed(&plain, "HTTP/2.0 200 OK\r\n\r\n", failed,
                  "gave an answer that is not HTTP/1.0 or 1.1");
    assert_failed(&plain, "HTTP/1.1 101 Switching\r\n\r\n", failed,
                  "gave an answer that changes to another protocol");
    assert_failed(&plain, "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", failed,
                  "gave an answer that is no valid HTTP");
    assert_failed(&plain, "HTTP/1.1 200 OK\nA: b\n\n", failed,
                  "gave an answer that is no valid HTTP");
}

/* All heads together have one limit, so that neither one nor many of them are endless. */
static void test_has_a_limit(void **state)
{
    static char text[HTTP_CONNECT_ANSWER_MAX + 64];
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n", ok[] = "HTTP/1.1 200 ";
    struct outcome out;
    memset(text, 'x', sizeof(text));
    memcpy(text, ok, sizeof(ok) - 1);
    memcpy(text + HTTP_CONNECT_ANSWER_MAX - 4, "\r\n\r\n", 4);
    out = read_cut(&plain, (struct slice){text, sizeof(text)}, 100);
    assert_int_equal(out.verdict, TUNNEL_OPEN);
    assert_int_equal(out.used, HTTP_CONNECT_ANSWER_MAX);
    memcpy(text + HTTP_CONNECT_ANSWER_MAX - 4, "x\r\n\r\n", 5);
    for (size_t length = 0; length <= sizeof(text); length++) {
        out = read_cut(&plain, (struct slice){text, length}, length);
        assert_int_equal(out.verdict,
                         length < HTTP_CONNECT_ANSWER_MAX ? TUNNEL_MORE : TUNNEL_FAILED);
    }
    assert_string_equal(out.fault.text, "gave an answer that has a header that is too large");
    for (size_t at = 0; at < sizeof(text); at++)
        text[at] = interim[at % (sizeof(interim) - 1)];
    for (size_t length = 0; length <= sizeof(text); length++) {
        out = read_cut(&plain, (struct slice){text, length}, length / 2);
        assert_int_equal(out.verdict,
                         length < HTTP_CONNECT_ANSWER_MAX ? TUNNEL_MORE : TUNNEL_FAILED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_the_request),
        cmocka_unit_test(test_writes_the_login),
        cmocka_unit_test(test_refuses_what_it_cannot_say),
        cmocka_unit_test(test_opens),
        cmocka_unit_test(test_skips_interim_answers),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_refused_logins),
        cmocka_unit_test(test_a_refused_login_as_of_a_server),
        cmocka_unit_test(test_refuses_what_is_no_answer),
        cmocka_unit_test(test_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
