/* Whole answers: their bytes, and that nothing put into them begins another field. */
#include "serve/reply.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect(const struct reply *reply, const char *expected)
{
    size_t length;
    char *bytes = reply_build(reply, &length);
    assert_non_null(bytes);
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(bytes, expected, length);
    free(bytes);
}

static void test_a_body(void **unused)
{
    struct reply reply = {
        .status = 200, .content_type = "text/plain", .body = SLICE("hello\n"), .fresh = true};
    expect(&reply, "HTTP/1.1 200 OK\r\nServer: wsluice\r\nConnection: close\r\n"
                   "Cache-Control: no-store\r\nContent-Type: text/plain\r\n"
                   "Content-Length: 6\r\n\r\nhello\n");
    reply.head_only = true;
    expect(&reply, "HTTP/1.1 200 OK\r\nServer: wsluice\r\nConnection: close\r\n"
                   "Cache-Control: no-store\r\nContent-Type: text/plain\r\n"
                   "Content-Length: 6\r\n\r\n");
}

static void test_a_redirect(void **unused)
{
    struct reply reply = {.status = 308, .location = "https://desk.example.com/vnc?a=%20b"};
    expect(&reply, "HTTP/1.1 308 Permanent Redirect\r\nServer: wsluice\r\nConnection: close\r\n"
                   "Location: https://desk.example.com/vnc?a=%20b\r\nContent-Length: 0\r\n\r\n");
}

static void test_a_location_that_is_none(void **unused)
{
    static const char *const bad[] = {"",
                                      "https://a\r\nSet-Cookie: x=1",
                                      "https://a b",
                                      "https://a\tb",
                                      "https://\xc3\xa9",
                                      "a\"b",
                                      "<a>",
                                      "a\\b",
                                      "a\x7f",
                                      "a\nb",
                                      "https://{host}"};
    for (size_t i = 0; i < WSL_COUNT(bad); i++) {
        size_t length;
        struct reply reply = {.status = 302, .location = bad[i]};
        assert_null(reply_build(&reply, &length));
    }
}

static void test_fields(void **unused)
{
    static const struct config_header headers[] = {
        {"X-Good", "a, \xc3\xa9\tb"},
        {"Strict-Transport-Security", "max-age=1"},
        {"X-Bad", "a\r\nX-Worse: b"},
        {"X-Bad", "a\nb"},
        {"X-Bad", "a\x7f"},
        {"X Bad", "a"},
        {"X-Bad:", "a"},
        {"", "a"},
        {"X-Bad\r\n", "a"},
        {"content-LENGTH", "7"},
        {"Transfer-Encoding", "chunked"},
        {"Connection", "keep-alive"},
        {"Location", "/"},
    };
    struct reply reply = {.status = 503, .headers = headers, .header_count = WSL_COUNT(headers)};
    expect(&reply, "HTTP/1.1 503 Service Unavailable\r\nServer: wsluice\r\nConnection: close\r\n"
                   "X-Good: a, \xc3\xa9\tb\r\nStrict-Transport-Security: max-age=1\r\n"
                   "Content-Length: 0\r\n\r\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        TEST(test_a_body),
        TEST(test_a_redirect),
        TEST(test_a_location_that_is_none),
        TEST(test_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
