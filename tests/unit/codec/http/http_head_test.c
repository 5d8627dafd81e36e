#include "codec/http/http_head.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "codec/http/http_char.h"

#define HOST "Host: desk.example\r\n"
#define END  "\r\n"

static const struct http_limits standard = {16384, 8192, HTTP_FIELDS_MAX};

struct outcome {
    enum http_verdict verdict;
    enum reason bad;
    size_t consumed;
    char *bytes; /* what the head's slices point into */
    struct http_head head;
};

/* Parses a copy of exact size, so that the sanitizer reports an overrun. */
static void call(struct outcome *out, const char *bytes, size_t length,
                 const struct http_limits *limits, struct http_scan *scan)
{
    free(out->bytes);
    out->bytes = malloc(length ? length : 1);
    assert_non_null(out->bytes);
    memcpy(out->bytes, bytes, length);
    memset(&out->head, 0xA5, sizeof(out->head)); /* the result must not depend on an earlier call */
    out->bad = REASON_none;
    out->verdict =
        http_head_parse(&out->head, out->bytes, length, limits, scan, &out->consumed, &out->bad);
}

static void assert_same(const struct outcome *part, const struct outcome *whole)
{
    assert_int_equal(part->verdict, whole->verdict);
    assert_int_equal(part->bad, whole->bad);
    if (whole->verdict == HTTP_HEAD) {
        assert_int_equal(part->consumed, whole->consumed);
        assert_int_equal(part->head.field_count, whole->head.field_count);
        assert_int_equal(part->head.target.ptr - part->bytes,
                         whole->head.target.ptr - whole->bytes);
        assert_true(slice_equal(part->head.method, whole->head.method));
    }
}

static void assert_prefix(const struct outcome *part, size_t length, const struct outcome *whole)
{
    if (part->verdict != HTTP_MORE)
        assert_same(part, whole);
    else if (whole->verdict == HTTP_HEAD)
        assert_true(length < whole->consumed);
}

/*
 * The verdict on the whole; it is the same for every prefix on its own, for every cut of the input
 * in two, and byte by byte in a buffer that moves.
 */
static void parse_bytes(struct outcome *whole, const char *bytes, size_t length,
                        const struct http_limits *limits)
{
    *whole = (struct outcome){0};
    call(whole, bytes, length, limits, &(struct http_scan){0});

    struct outcome part = {0};
    struct http_scan drip = {0};
    for (size_t cut = 0; cut <= length; cut++) {
        struct http_scan scan = {0};
        call(&part, bytes, cut, limits, &scan);
        assert_prefix(&part, cut, whole);
        call(&part, bytes, length, limits, &scan);
        assert_same(&part, whole);
        call(&part, bytes, length, limits, &scan); /* again, without new bytes */
        assert_same(&part, whole);
        call(&part, bytes, cut, limits, &drip);
        assert_prefix(&part, cut, whole);
    }
    assert_same(&part, whole);
    free(part.bytes);
}

static void parse(struct outcome *out, const char *text)
{
    parse_bytes(out, text, strlen(text), &standard);
}

static void assert_refused(const char *text, enum reason reason)
{
    struct outcome out;
    parse(&out, text);
    if (out.verdict != HTTP_BAD || out.bad != reason)
        fail_msg("verdict %d, %s instead of %s for: %s", out.verdict, reason_row(out.bad)->name,
                 reason_row(reason)->name, text);
    free(out.bytes);
}

static void assert_accepted(const char *text)
{
    struct outcome out;
    parse(&out, text);
    if (out.verdict != HTTP_HEAD || out.consumed != strlen(text))
        fail_msg("verdict %d, %s for: %s", out.verdict, reason_row(out.bad)->name, text);
    free(out.bytes);
}

static void assert_slice(struct slice slice, const char *text)
{
    assert_int_equal(slice.len, strlen(text));
    assert_memory_equal(slice.ptr, text, slice.len);
}

static void test_reads_all_parts(void **state)
{
    struct outcome out;
    parse(&out, "GET /websockify?token=a/b?c HTTP/1.1\r\n"
                "Host: desk.example:6080\r\n"
                "X-Tight:v\r\n"
                "X-Wide: \t two words \t \r\n"
                "X-Empty:\r\n"
                "X-Latin: caf\xE9\r\n"
                "\r\n"
                "\x82\x80more");
    assert_int_equal(out.verdict, HTTP_HEAD);
    assert_memory_equal(out.bytes + out.consumed, "\x82\x80more", 6);
    assert_slice(out.head.method, "GET");
    assert_slice(out.head.target, "/websockify?token=a/b?c");
    assert_slice(out.head.path, "/websockify");
    assert_slice(out.head.query, "token=a/b?c");
    assert_slice(out.head.host, "desk.example:6080");
    assert_int_equal(out.head.minor_version, 1);
    assert_false(out.head.has_body);
    assert_int_equal(out.head.field_count, 5);
    assert_slice(out.head.fields[0].name, "Host");
    assert_slice(out.head.fields[1].value, "v");
    assert_slice(out.head.fields[2].value, "two words");
    assert_slice(out.head.fields[3].value, "");
    assert_slice(out.head.fields[4].value, "caf\xE9");
    free(out.bytes);
}

static void test_splits_targets(void **state)
{
    static const struct {
        const char *line, *path, *query, *host; /* NULL: no such slice */
    } rows[] = {
        {"GET / HTTP/1.1", "/", NULL, "desk.example"},
        {"GET /? HTTP/1.1", "/", "", "desk.example"},
        {"GET //a HTTP/1.1", "//a", NULL, "desk.example"},
        {"GET /a%20b?[x|y]{^`} HTTP/1.1", "/a%20b", "[x|y]{^`}", "desk.example"},
        {"GET http://desk.example/a?b HTTP/1.1", "/a", "b", "desk.example"},
        {"GET WSS://DESK.example HTTP/1.1", "/", NULL, "desk.example"},
        {"GET ws://desk.example?b HTTP/1.1", "/", "b", "desk.example"},
        {"GET https://desk.example/ HTTP/1.1", "/", NULL, "desk.example"},
        {"OPTIONS * HTTP/1.1", NULL, NULL, "desk.example"},
        {"CONNECT desk.example HTTP/1.1", NULL, NULL, "desk.example"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct outcome out;
        char text[200];
        snprintf(text, sizeof(text), "%s\r\n" HOST END, rows[i].line);
        parse(&out, text);
        assert_int_equal(out.verdict, HTTP_HEAD);
        const char *wanted[] = {rows[i].path, rows[i].query, rows[i].host};
        struct slice got[] = {out.head.path, out.head.query, out.head.host};
        for (size_t k = 0; k < WSL_COUNT(got); k++) {
            assert_int_equal(got[k].ptr == NULL, wanted[k] == NULL);
            if (wanted[k]) {
                assert_slice(got[k], wanted[k]);
                assert_true(got[k].ptr >= out.bytes &&
                            got[k].ptr + got[k].len <= out.bytes + out.consumed);
            }
        }
        free(out.bytes);
    }
}

static void test_refuses_bad_targets(void **state)
{
    static const char *const lines[] = {
        "GET  / HTTP/1.1",
        "GET * HTTP/1.1",
        "GET desk.example:80 HTTP/1.1",
        "GET desk HTTP/1.1",
        "GET ? HTTP/1.1",
        "GET /#part HTTP/1.1",
        "GET /a\\b HTTP/1.1",
        "GET /\"a\" HTTP/1.1",
        "GET /<a> HTTP/1.1",
        "GET /\xC3\xA9 HTTP/1.1",
        "GET /a\tb HTTP/1.1",
        "GET /% HTTP/1.1",
        "GET /%4 HTTP/1.1",
        "GET /?%4g HTTP/1.1",
        "GET ftp://desk.example/ HTTP/1.1",
        "GET http:/desk.example/ HTTP/1.1",
        "GET http:desk.example HTTP/1.1",
        "GET http:// HTTP/1.1",
        "GET http:///path HTTP/1.1",
        "GET http://user@desk.example/ HTTP/1.1",
        "GET http://desk.example:port/ HTTP/1.1",
        "GET http HTTP/1.1",
        "OPTIONS ** HTTP/1.1",
        "CONNECT / HTTP/1.1",
        "CONNECT http://desk.example/ HTTP/1.1",
    };
    for (size_t i = 0; i < WSL_COUNT(lines); i++) {
        char text[200];
        snprintf(text, sizeof(text), "%s\r\n" HOST END, lines[i]);
        assert_refused(text, REASON_http_malformed);
    }
}

static void test_refuses_bad_request_lines(void **state)
{
    static const char *const texts[] = {
        "\x16\x03\x01", /* a TLS hello */
        " GET / HTTP/1.1\r\n" HOST END,
        "\tGET / HTTP/1.1\r\n" HOST END,
        "G(T / HTTP/1.1\r\n" HOST END, /* not a token */
        "GET\r\n" HOST END,
        "GET /\r\n" HOST END, /* HTTP/0.9 */
        "GET /\n",
        "GET / HTTP/1.1 \r\n" HOST END,
        "GET /  HTTP/1.1\r\n" HOST END,
        "GET / http/1.1\r\n" HOST END, /* case matters, RFC 9112 section 2.3 */
        "GET / HTTP/1\r\n" HOST END,
        "GET / HTTP/1.10\r\n" HOST END,
        "GET / HTTP/11.1\r\n" HOST END,
        "GET / HTTP/a.1\r\n" HOST END,
        "GET / HTTP/1,1\r\n" HOST END,
        "GET / HTTP/1.1\n" HOST END,
        "GET / HTTP/1.1\r" HOST END,
        "GET / HTTP/1.1\r\r\n" HOST END,
        "\nGET / HTTP/1.1\r\n" HOST END,
        "\rGET / HTTP/1.1\r\n" HOST END,
        "\r\n\r\nGET", /* one empty line is enough */
        "SSH-2.0-OpenSSH_9.2\r\n",
    };
    for (size_t i = 0; i < WSL_COUNT(texts); i++)
        assert_refused(texts[i], REASON_http_malformed);
    assert_accepted("\r\nGET / HTTP/1.1\r\n" HOST END);
}

static void test_refuses_garbage_at_its_first_byte(void **state)
{
    for (int c = 0; c < 256; c++) {
        struct outcome out;
        char byte = (char)c;
        parse_bytes(&out, &byte, 1, &standard);
        bool may_begin = byte == '\r' || http_char_is_token((struct slice){&byte, 1});
        assert_int_equal(out.verdict, may_begin ? HTTP_MORE : HTTP_BAD);
        free(out.bytes);
    }
}

static void test_refuses_other_versions(void **state)
{
    assert_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", REASON_http_version);
    assert_refused("GET / HTTP/0.9\r\n", REASON_http_version);
    assert_refused("GET / HTTP/3.1", REASON_http_version);

    struct outcome out;
    parse(&out, "GET / HTTP/1.0\r\n\r\n"); /* the caller decides about 1.0 */
    assert_int_equal(out.verdict, HTTP_HEAD);
    assert_int_equal(out.head.minor_version, 0);
    assert_null(out.head.host.ptr);
    free(out.bytes);
    parse(&out, "GET / HTTP/1.7\r\n" HOST END);
    assert_int_equal(out.verdict, HTTP_HEAD);
    assert_int_equal(out.head.minor_version, 7);
    free(out.bytes);
}

static void test_refuses_bad_field_lines(void **state)
{
    static const char *const lines[] = {
        "X : v\r\n", /* RFC 9112 section 5.1 */
        "X\t: v\r\n",
        " X: v\r\n",
        "X: v\r\n folded\r\n", /* obs-fold, section 5.2 */
        "X: v\r\n\tfolded\r\n",
        "X: v\r\n \r\n",
        ": v\r\n",
        "X\r\n", /* no colon */
        "X Y: v\r\n",
        "X(Y): v\r\n",
        "X\xC3\xA9: v\r\n",
        "X: v\n", /* bare LF */
        "X: v\nY: v\r\n",
        "X: v\rY: v\r\n", /* bare CR */
        "X: v\r\r\n",
        "\n",
        "\r\r\n",
        "Content-Length: 0\r\n\n",
        "GET / HTTP/1.1\r\n", /* a second request line */
    };
    for (size_t i = 0; i < WSL_COUNT(lines); i++) {
        char text[200];
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "%s" END, lines[i]);
        assert_refused(text, REASON_http_malformed);
    }
    assert_accepted("GET / HTTP/1.1\r\n" HOST "X: a\tb \x80\xFF\r\n" END);
}

/* NUL among them, at any place. */
static void test_refuses_control_bytes_everywhere(void **state)
{
    static const char good[] = "GET /a?b HTTP/1.1\r\nHost: desk.example\r\nX-Y: v w\r\n\r\n";
    for (size_t at = 0; at < sizeof(good) - 1; at++) {
        for (int c = 0; c < 0x80; c = c == 0x1F ? 0x7F : c + 1) {
            char text[sizeof(good)];
            struct outcome out = {0};
            memcpy(text, good, sizeof(good));
            if (text[at] == c)
                continue;
            text[at] = (char)c;
            call(&out, text, sizeof(good) - 1, &standard, &(struct http_scan){0});
            bool in_value = at > 18 && memchr(good + 18, ':', at - 18) && good[at] != '\r' &&
                            good[at] != '\n' && good[at] != ':';
            if (c != '\t' || !in_value)
                assert_int_equal(out.verdict, HTTP_BAD);
            free(out.bytes);
        }
    }
}

static void test_host(void **state)
{
    static const char *const good[] = {
        "a",           "desk.example",     "desk.example:6080", "desk.example:",
        "[::1]:",      "a:65535",          "127.0.0.1",         "127.0.0.1:80",
        "[::1]",       "[::1]:80",         "[fe80::1:2]:6080",  "under_line",
        "%41.example", "a!$&'()*+,;=~-z",  "xn--bcher-kva",     "[::ffff:1.2.3.4]",
        "a:00080",     "[1:2:3:4:5:6:7::]"};
    static const char *const bad[] = {"",
                                      "a b",
                                      "user@a",
                                      "user:pw@a",
                                      "a/b",
                                      "a?b",
                                      "a#b",
                                      "http://a",
                                      "a:b",
                                      "a:-1",
                                      "a:65536",
                                      "a:99999999999999999999",
                                      ":80",
                                      "a:80:80",
                                      "[::1",
                                      "::1",
                                      "[]",
                                      "[a]b",
                                      "[::1]80",
                                      "[:::]",
                                      "[::g]",
                                      "[1.2]",
                                      "%4",
                                      "%zz",
                                      "a\\b",
                                      "a\"b",
                                      "[v1.a]",
                                      "[::1%25eth0]",
                                      "\xC3",
                                      "a, b",
                                      "[12345::]",
                                      "a\tb",
                                      "[1:2:3:4:5:6:7:8:9]",
                                      "[1::2::3]",
                                      "[1:2:3:4:5:6:7:8::]"};
    char text[200];
    for (size_t i = 0; i < WSL_COUNT(good); i++) {
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", good[i]);
        assert_accepted(text);
    }
    for (size_t i = 0; i < WSL_COUNT(bad); i++) {
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", bad[i]);
        assert_refused(text, REASON_http_host);
    }
    assert_refused("GET / HTTP/1.1\r\n\r\n", REASON_http_host);
    assert_refused("GET / HTTP/1.1\r\n" HOST HOST END, REASON_http_host);
    assert_refused("GET / HTTP/1.1\r\n" HOST "hOST: desk.example\r\n" END, REASON_http_host);
    assert_refused("GET / HTTP/1.0\r\n" HOST HOST END, REASON_http_host);
    assert_refused("GET ws://other.example/ HTTP/1.1\r\n" HOST END, REASON_http_host);
    assert_refused("GET ws://desk.example:80/ HTTP/1.1\r\n" HOST END, REASON_http_host);
    assert_refused("GET ws://desk.example/ HTTP/1.1\r\n" END, REASON_http_host);
}

/* Addresses in brackets, compared with the C library. */
static void test_ipv6_hosts(void **state)
{
    static const char alphabet[] = "::::0012af..1";
    uint32_t random = 1;
    unsigned accepted = 0;
    for (unsigned round = 0; round < 300000; round++) {
        char address[24], text[80];
        unsigned length = 1 + round % (sizeof(address) - 2);
        for (unsigned i = 0; i < length; i++) {
            random = random * 1664525 + 1013904223;
            address[i] = alphabet[(random >> 16) % (sizeof(alphabet) - 1)];
        }
        address[length] = '\0';
        int size = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: [%s]\r\n\r\n", address);
        struct http_head head;
        size_t consumed;
        enum reason bad;
        enum http_verdict verdict = http_head_parse(&head, text, (size_t)size, &standard,
                                                    &(struct http_scan){0}, &consumed, &bad);
        bool valid = inet_pton(AF_INET6, address, &(struct in6_addr){0}) == 1;
        if (valid != (verdict == HTTP_HEAD))
            fail_msg("[%s]: inet_pton returns %d", address, valid);
        accepted += valid;
    }
    assert_true(accepted > 100);
}

static void test_body(void **state)
{
    static const struct {
        const char *fields;
        uint64_t length;
    } rows[] = {
        {"", 0},
        {"Content-Length: 0\r\n", 0},
        {"Content-Length: 000\r\n", 0},
        {"Content-Length: 1\r\n", 1},
        {"Content-Length: 0012\r\n", 12},
        {"Content-Length: 18446744073709551614\r\n", UINT64_MAX - 1},
        {"Content-Length: 18446744073709551615\r\n", HTTP_BODY_UNKNOWN},
        {"Content-Length: 18446744073709551616\r\n", HTTP_BODY_UNKNOWN},
        {"Content-Length: 99999999999999999999999999999\r\n", HTTP_BODY_UNKNOWN},
        {"Transfer-Encoding: chunked\r\n", HTTP_BODY_UNKNOWN},
        {"Transfer-Encoding: identity\r\n", HTTP_BODY_UNKNOWN},
        {"Transfer-Encoding:\r\n", HTTP_BODY_UNKNOWN},
        {"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", HTTP_BODY_UNKNOWN},
        {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", HTTP_BODY_UNKNOWN},
        {"Transfer-Encoding: gzip\r\nTRANSFER-ENCODING: chunked\r\n", HTTP_BODY_UNKNOWN},
        {"Expect: 100-continue\r\n", 0},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct outcome out;
        char text[200];
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "%s" END, rows[i].fields);
        parse(&out, text);
        assert_int_equal(out.verdict, HTTP_HEAD);
        assert_int_equal(out.head.body_length, rows[i].length);
        assert_int_equal(out.head.has_body, rows[i].length > 0);
        free(out.bytes);
    }
}

static void test_refuses_repeated_and_malformed_singletons(void **state)
{
    static const char *const fields[] = {
        "Content-Length:\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: +0\r\n",
        "Content-Length: 0x0\r\n",
        "Content-Length: 0, 0\r\n",
        "Content-Length: 0 0\r\n",
        "Content-Length: 0\r\ncontent-length: 0\r\n",
        "Origin: https://a\r\nOrigin: https://a\r\n",
        "Authorization: Basic eDp5\r\nAUTHORIZATION: Basic eDp5\r\n",
    };
    for (size_t i = 0; i < WSL_COUNT(fields); i++) {
        char text[200];
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "%s" END, fields[i]);
        assert_refused(text, REASON_http_malformed);
    }
}

static void assert_limited(const struct http_limits *limits, const char *text, enum reason reason)
{
    struct outcome out;
    parse_bytes(&out, text, strlen(text), limits);
    if (reason == REASON_none) {
        assert_int_equal(out.verdict, HTTP_HEAD);
    } else {
        assert_int_equal(out.verdict, HTTP_BAD);
        assert_string_equal(reason_row(out.bad)->name, reason_row(reason)->name);
    }
    free(out.bytes);
}

static void test_limits_hold_to_the_byte(void **state)
{
    static const char head[] = "GET /1234567 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
    size_t size = sizeof(head) - 1;
    assert_limited(&(struct http_limits){size, 8, 2}, head, REASON_none);
    assert_limited(&(struct http_limits){size, 7, 2}, head, REASON_http_uri_too_long);
    assert_limited(&(struct http_limits){size, 8, 1}, head, REASON_http_head_too_large);
    assert_limited(&(struct http_limits){size - 1, 8, 2}, head, REASON_http_head_too_large);
    assert_limited(&(struct http_limits){10, 20, 2}, head, REASON_http_uri_too_long);
    assert_limited(&(struct http_limits){3, 20, 2}, head, REASON_http_head_too_large);
    /* The caller's buffer is full, without a byte too many. */
    assert_limited(&(struct http_limits){20, 7, 2}, "GET /1234567", REASON_http_uri_too_long);
    assert_limited(&(struct http_limits){20, 20, 2}, "ABCDEFGHIJKLMNOPQRST",
                   REASON_http_head_too_large);
    assert_limited(&(struct http_limits){34, 20, 2}, "GET / HTTP/1.1\r\nHost: a\r\nX: 345678",
                   REASON_http_head_too_large);
    /* The first violation in the input is reported. */
    assert_limited(&(struct http_limits){20, 4, 2}, "GET /12\x01", REASON_http_malformed);
    assert_limited(&(struct http_limits){20, 4, 2}, "GET /123\x01", REASON_http_malformed);
    assert_limited(&(struct http_limits){20, 4, 2}, "GET /1234\x01", REASON_http_uri_too_long);
    assert_limited(&(struct http_limits){99, 4, 0}, "GET / HTTP/1.1\r\n\r\n", REASON_http_host);
}

static void test_a_hundred_fields(void **state)
{
    char text[1024] = "GET / HTTP/1.1\r\nHost: a\r\n";
    size_t size = strlen(text);
    for (unsigned i = 1; i < HTTP_FIELDS_MAX; i++)
        size += (size_t)snprintf(text + size, sizeof(text) - size, "X:%u\r\n", i);
    memcpy(text + size, "\r\n", 3);
    struct outcome out;
    parse(&out, text);
    assert_int_equal(out.verdict, HTTP_HEAD);
    assert_int_equal(out.head.field_count, HTTP_FIELDS_MAX);
    assert_slice(out.head.fields[HTTP_FIELDS_MAX - 1].value, "99");
    free(out.bytes);
    memcpy(text + size, "Y:\r\n\r\n", 7);
    assert_refused(text, REASON_http_head_too_large);
}

static void test_finds_fields(void **state)
{
    struct outcome out;
    unsigned count;
    parse(&out, "GET / HTTP/1.1\r\n" HOST "Connection: keep-alive,, \tUpgrade ,\r\n"
                "X: 1\r\nCONNECTION: te\r\nx: 2\r\nEmpty: , ,\r\n" END);
    assert_int_equal(out.verdict, HTTP_HEAD);
    assert_ptr_equal(http_head_only(&out.head, SLICE("hOsT"), &count), &out.head.fields[0]);
    assert_int_equal(count, 1);
    assert_true(http_head_has(&out.head, SLICE("hOsT")));
    assert_true(http_head_has(&out.head, SLICE("X")));
    assert_false(http_head_has(&out.head, SLICE("None")));
    assert_null(http_head_only(&out.head, SLICE("X"), &count));
    assert_int_equal(count, 2);
    assert_null(http_head_only(&out.head, SLICE("None"), &count));
    assert_int_equal(count, 0);

    assert_true(http_head_lists(&out.head, SLICE("connection"), SLICE("upgrade")));
    assert_true(http_head_lists(&out.head, SLICE("connection"), SLICE("TE")));
    assert_true(http_head_lists(&out.head, SLICE("connection"), SLICE("keep-alive")));
    assert_false(http_head_lists(&out.head, SLICE("connection"), SLICE("keep")));
    assert_false(http_head_lists(&out.head, SLICE("connection"), SLICE("")));
    assert_false(http_head_lists(&out.head, SLICE("empty"), SLICE("")));
    free(out.bytes);
}

static void test_walks_lists(void **state)
{
    struct slice rest = SLICE(" a,b c ,\t, d\t,"), element;
    assert_true(http_head_list_next(&rest, &element));
    assert_slice(element, "a");
    assert_true(http_head_list_next(&rest, &element));
    assert_slice(element, "b c");
    assert_true(http_head_list_next(&rest, &element));
    assert_slice(element, "d");
    assert_false(http_head_list_next(&rest, &element));
    assert_false(http_head_list_next(&rest, &element));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_all_parts),
        cmocka_unit_test(test_splits_targets),
        cmocka_unit_test(test_refuses_bad_targets),
        cmocka_unit_test(test_refuses_bad_request_lines),
        cmocka_unit_test(test_refuses_garbage_at_its_first_byte),
        cmocka_unit_test(test_refuses_other_versions),
        cmocka_unit_test(test_refuses_bad_field_lines),
        cmocka_unit_test(test_refuses_control_bytes_everywhere),
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_ipv6_hosts),
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_refuses_repeated_and_malformed_singletons),
        cmocka_unit_test(test_limits_hold_to_the_byte),
        cmocka_unit_test(test_a_hundred_fields),
        cmocka_unit_test(test_finds_fields),
        cmocka_unit_test(test_walks_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
