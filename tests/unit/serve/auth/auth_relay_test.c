#include "serve/auth/auth_relay.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static struct http_answer answer;

static struct auth_reply *relay(const char *head, const char *body)
{
    static const struct http_limits limits = {8192, 8192, HTTP_FIELDS_MAX};
    struct http_scan scan = http_scan_answer();
    size_t consumed;
    const char *fault;
    assert_int_equal(http_answer_parse(&answer, slice_of(head), &limits, HTTP_ASKED_GET, &scan,
                                       &consumed, &fault),
                     HTTP_ANSWER_DONE);
    return auth_relay_create(&answer, slice_of(body));
}

/* The head and the body that the client gets. */
static char *build(struct auth_reply *reply)
{
    static const struct reply_terms terms = {.keep = true};
    size_t length;
    char *bytes = reply_build(&reply->reply, &terms, &length);
    assert_non_null(bytes);
    bytes = realloc(bytes, length + 1);
    bytes[length] = '\0';
    reply_release(&reply->reply);
    reply->release(reply);
    return bytes;
}

static void test_what_is_passed_on(void **state)
{
    char *text = build(relay("HTTP/1.1 302 Found\r\nLocation: https://login/?rd=a%2Fb\r\n"
                             "Set-Cookie: a=b\r\nset-cookie: c=d; Path=/\r\n"
                             "WWW-Authenticate: Basic\r\nContent-Type: text/html\r\n"
                             "Content-Length: 3\r\nConnection: close\r\nTransfer-Encodings: x\r\n"
                             "Server: other\r\nX-Secret: y\r\nRemote-User: ann\r\n\r\n",
                             "<a>"));
    assert_non_null(strstr(text, "HTTP/1.1 302 Found\r\nServer: wsluice\r\n"));
    assert_non_null(strstr(text, "\r\nLocation: https://login/?rd=a%2Fb\r\n"));
    assert_non_null(strstr(text, "\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d; Path=/\r\n"));
    assert_non_null(strstr(text, "\r\nWWW-Authenticate: Basic\r\n"));
    assert_non_null(strstr(text, "\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<a>"));
    assert_non_null(strstr(text, "\r\nCache-Control: no-store\r\n"));
    assert_null(strstr(text, "close"));
    assert_null(strstr(text, "X-Secret"));
    assert_null(strstr(text, "Remote-User"));
    free(text);
}

static void test_odd_answers(void **state)
{
    char *text = build(relay("HTTP/1.1 499 Odd\r\nLocation: not a <URI>\r\n"
                             "Cache-Control: private\r\n\r\n",
                             ""));
    assert_non_null(strstr(text, "HTTP/1.1 400 Bad Request\r\n"));
    assert_non_null(strstr(text, "Cache-Control: private\r\n"));
    assert_null(strstr(text, "Location"));
    free(text);
    char head[4096] = "HTTP/1.1 401 X\r\n";
    for (size_t i = 0; i < 60; i++)
        snprintf(head + strlen(head), sizeof(head) - strlen(head), "Set-Cookie: a%zu=b\r\n", i);
    snprintf(head + strlen(head), sizeof(head) - strlen(head), "\r\n");
    text = build(relay(head, ""));
    assert_non_null(strstr(text, "a31=b"));
    assert_null(strstr(text, "a32=b"));
    free(text);
}

static void test_locations(void **state)
{
    static const struct {
        const char *location;
        bool passed;
    } rows[] = {
        {"https://login/", true},
        {"HTTP://login:80/?a:b", true},
        {"/login?rd=https://a/", true},
        {"//login/", true},
        {"login", true},
        {"?a:b", true},
        {"#a:b", true},
        {"./a:b", true},
        {"javascript:alert(1)", false},
        {"JavaScript:alert(1)", false},
        {"data:text/html,x", false},
        {"vbscript:x", false},
        {"https", true},
        {"httpsx:/a", false},
        {"xhttps://a", false},
        {":a", false},
        {"a:b", false},
        {"file:///etc/passwd", false},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        char head[200], line[100];
        snprintf(head, sizeof(head), "HTTP/1.1 302 Found\r\nLocation: %s\r\n\r\n",
                 rows[i].location);
        snprintf(line, sizeof(line), "\r\nLocation: %s\r\n", rows[i].location);
        char *text = build(relay(head, ""));
        if ((strstr(text, line) != NULL) != rows[i].passed ||
            rows[i].passed != (strstr(text, "Location") != NULL))
            fail_msg("%s: %s", rows[i].location, text);
        free(text);
    }
}

static void test_without_memory(void **state)
{
    for (unsigned call = 1; call <= 3; call++) {
        failing_alloc_arm(call);
        struct auth_reply *reply = relay("HTTP/1.1 401 X\r\nA: b\r\n\r\n", "body");
        assert_true(failing_alloc_disarm());
        assert_null(reply);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_passed_on),
        cmocka_unit_test(test_odd_answers),
        cmocka_unit_test(test_locations),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
