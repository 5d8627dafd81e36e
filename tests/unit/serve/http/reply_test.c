/* The bytes of whole answers; no text in them can begin another field. */
#include "serve/http/reply.h"

#include "codec/http/http_head.h"
#include "codec/http/http_status.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect(const struct reply *reply, const struct reply_terms *terms, const char *expected)
{
    size_t length;
    char *bytes = reply_build(reply, terms, &length);
    assert_non_null(bytes);
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(bytes, expected, length);
    free(bytes);
}

static void test_a_body(void **unused)
{
    struct reply reply = {.status = 200,
                          .content_type = "text/plain",
                          .cache_control = "no-store",
                          .body = reply_static(SLICE("hello\n"))};
    struct reply_terms terms = {0};
    expect(&reply, &terms,
           "HTTP/1.1 200 OK\r\nServer: wsluice\r\nConnection: close\r\n"
           "Cache-Control: no-store\r\nContent-Type: text/plain\r\n"
           "Content-Length: 6\r\n\r\nhello\n");
    terms.head_only = true;
    expect(&reply, &terms,
           "HTTP/1.1 200 OK\r\nServer: wsluice\r\nConnection: close\r\n"
           "Cache-Control: no-store\r\nContent-Type: text/plain\r\n"
           "Content-Length: 6\r\n\r\n");
}

static void test_a_connection_that_stays(void **unused)
{
    struct reply reply = {.status = 200, .body = reply_static(SLICE("a"))};
    struct reply_terms terms = {.keep = true, .date = "Sun, 06 Nov 1994 08:49:37 GMT"};
    expect(&reply, &terms,
           "HTTP/1.1 200 OK\r\nServer: wsluice\r\n"
           "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 1\r\n\r\na");
}

/* A 304 has no length: it would be that of the page. */
static void test_statuses_without_a_body(void **unused)
{
    const struct config_header field = {"ETag", "\"a\""};
    struct reply reply = {.status = 304,
                          .content_type = "text/html",
                          .fields = &field,
                          .field_count = 1,
                          .body = reply_static(SLICE("a page"))};
    struct reply_terms terms = {.keep = true};
    expect(&reply, &terms, "HTTP/1.1 304 Not Modified\r\nServer: wsluice\r\nETag: \"a\"\r\n\r\n");
    assert_false(reply_has_content(204));
    assert_true(reply_has_content(404));
}

static void test_a_redirect(void **unused)
{
    struct reply reply = {.status = 308, .location = "https://desk.example.com/vnc?a=%20b"};
    expect(&reply, &(struct reply_terms){0},
           "HTTP/1.1 308 Permanent Redirect\r\nServer: wsluice\r\nConnection: close\r\n"
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
        assert_null(reply_build(&reply, &(struct reply_terms){0}, &length));
    }
}

static void test_fields(void **unused)
{
    static struct config_header headers[] = {
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
        {"Date", "never"},
        {"SERVER", "x"},
        {"Keep-Alive", "timeout=5"},
        {"Content-Type", "text/html"},
        {"Upgrade", "h2c"},
        {"sec-websocket-accept", "x"},
    };
    static const char good[] = "X-Good: a, \xc3\xa9\tb\r\nStrict-Transport-Security: max-age=1\r\n";
    static const char head[] = "HTTP/1.1 503 Service Unavailable\r\nServer: wsluice\r\n"
                               "Connection: close\r\n";
    char expected[400], *lines;
    size_t length;
    snprintf(expected, sizeof(expected), "%s%sContent-Length: 0\r\n\r\n", head, good);
    struct reply reply = {.status = 503, .fields = headers, .field_count = WSL_COUNT(headers)};
    expect(&reply, &(struct reply_terms){0}, expected);

    struct config_route route = {.headers = headers, .header_count = WSL_COUNT(headers)};
    assert_true(reply_fields(&route, &lines, &length));
    assert_int_equal(length, strlen(good));
    assert_memory_equal(lines, good, length);
    expect(&(struct reply){.status = 503}, &(struct reply_terms){.lines = {lines, length}},
           expected);
    free(lines);
}

static void test_a_refusal_in_full(void **unused)
{
    struct reply reply = reply_refusal(REASON_ws_version);
    static const char wanted[] = "HTTP/1.1 426 Upgrade Required\r\n"
                                 "Server: wsluice\r\n"
                                 "Upgrade: websocket\r\n"
                                 "Connection: %sUpgrade\r\n"
                                 "Cache-Control: no-store\r\n"
                                 "Sec-WebSocket-Version: 13\r\n"
                                 "Content-Type: text/plain; charset=utf-8\r\n"
                                 "Content-Length: 33\r\n"
                                 "\r\n"
                                 "WebSocket version 13 is required\n";
    char text[sizeof(wanted) + 16];
    snprintf(text, sizeof(text), wanted, "close, ");
    expect(&reply, &(struct reply_terms){0}, text);
    snprintf(text, sizeof(text), wanted, "");
    expect(&reply, &(struct reply_terms){.keep = true}, text);
}

/* Is the status in a list such as "429 503"? */
static bool has_status(const char *statuses, unsigned status)
{
    char text[12];
    snprintf(text, sizeof(text), "%u", status);
    return strstr(statuses, text) != NULL;
}

static void check_refusal(const char *text, enum reason reason)
{
    static const struct {
        const char *statuses, *field;
    } needed[] = {{"405", "\r\nAllow: GET\r\n"},
                  {"426", "\r\nUpgrade: websocket\r\n"},
                  {"429 503", "\r\nRetry-After: 5\r\n"}};
    const struct reason_row *row = reason_row(reason);
    char line[100];
    snprintf(line, sizeof(line), "HTTP/1.1 %u %s\r\n", row->http_status,
             http_status_phrase(row->http_status));
    assert_ptr_equal(strstr(text, line), text);
    assert_non_null(strstr(text, "\r\nConnection: close"));
    for (size_t k = 0; k < WSL_COUNT(needed); k++)
        assert_int_equal(strstr(text, needed[k].field) != NULL,
                         has_status(needed[k].statuses, row->http_status));
    assert_int_equal(strstr(text, "\r\nSec-WebSocket-Version: 13\r\n") != NULL,
                     reason == REASON_ws_version);
    const char *body = strstr(text, "\r\n\r\n") + 4;
    assert_memory_equal(body, row->text, strlen(row->text));
    assert_string_equal(body + strlen(row->text), "\n");
}

static void test_refusals_of_every_reason(void **unused)
{
    for (unsigned i = 0; i < REASON_COUNT; i++) {
        if (reason_row((enum reason)i)->http_status == 0)
            continue;
        struct reply reply = reply_refusal((enum reason)i);
        size_t length, without;
        char *text = reply_build(&reply, &(struct reply_terms){0}, &length);
        char *head = reply_build(&reply, &(struct reply_terms){.head_only = true}, &without);
        assert_non_null(text);
        assert_non_null(head);
        assert_int_equal(length, without + reply.body.length);
        assert_memory_equal(text, head, without);
        char *whole = slice_copy((struct slice){text, length});
        check_refusal(whole, (enum reason)i);
        free(whole);
        free(text);
        free(head);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        TEST(test_a_body),
        TEST(test_a_connection_that_stays),
        TEST(test_statuses_without_a_body),
        TEST(test_a_redirect),
        TEST(test_a_location_that_is_none),
        TEST(test_fields),
        TEST(test_a_refusal_in_full),
        TEST(test_refusals_of_every_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
