#include "codec/ws/ws_request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "codec/ws/ws_handshake.h"
#include "lib/head_of.h"

static const uint8_t nonce[] = "the sample nonce"; /* RFC 6455 section 1.3 */
static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";

#define SWITCH   "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE  "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define ACCEPT   "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define GOOD     SWITCH UPGRADE ACCEPT
#define PROTOCOL "Sec-WebSocket-Protocol: "

/* ---- the request ---- */

static char text[1024];
static struct ws_request request;

static void begin(const char *path, const char *authority, size_t capacity)
{
    memset(text, 0, sizeof(text));
    ws_request_begin(&request, text, capacity, slice_of(path), slice_of(authority), nonce);
}

static void begin_good(void)
{
    begin("/ssh?to=a%20b", "gate.example.com:8443", sizeof(text) - 1);
}

#define HEAD                                                                                       \
    "GET /ssh?to=a%20b HTTP/1.1\r\nHost: gate.example.com:8443\r\n" UPGRADE                        \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define AGENT "User-Agent: wsluice\r\n"

static void expect_request(const char *wanted)
{
    size_t length = ws_request_end(&request);
    assert_null(request.fault);
    assert_int_equal(length, strlen(wanted));
    assert_string_equal(text, wanted);
}

static void expect_fault(const char *wanted)
{
    assert_int_equal(ws_request_end(&request), 0);
    if (!request.fault || !strstr(request.fault, wanted))
        fail_msg("\"%s\" instead of \"%s\"", request.fault ? request.fault : "", wanted);
}

/* "Name: value" */
static void add_line(struct slice line)
{
    struct slice name;
    assert_true(slice_cut_to(&line, ':', &name));
    ws_request_add(&request, name, line);
}

static void test_writes_the_request(void **state)
{
    static const char *const offers[] = {"binary", "v1.ssh"};
    begin_good();
    assert_memory_equal(request.key, key, WS_KEY_LENGTH);
    expect_request(HEAD AGENT "\r\n");

    begin_good();
    ws_request_offer(&request, NULL, 0);
    ws_request_offer(&request, offers, 2);
    ws_request_add(&request, SLICE("Origin"), SLICE("https://example.com"));
    add_line(SLICE("X-Ticket:  a:b\t"));
    add_line(SLICE("Empty:"));
    add_line(SLICE("user-agent: other"));
    expect_request(HEAD PROTOCOL "binary, v1.ssh\r\nOrigin: https://example.com\r\n"
                                 "X-Ticket: a:b\r\nEmpty: \r\nuser-agent: other\r\n\r\n");
}

/* Our own server takes it, chooses, and the answer is the right one. */
static void test_server_side_accepts(void **state)
{
    static const char *const offers[] = {"other", "binary"};
    struct ws_handshake handshake;
    char answer_text[WS_ANSWER_MAX + 8];
    begin_good();
    ws_request_offer(&request, offers, 2);
    assert_int_not_equal(ws_request_end(&request), 0);
    struct http_head head = head_of_text(text);
    assert_int_equal(ws_handshake_check(&head, &handshake), REASON_none);
    assert_true(slice_equal(handshake.subprotocol, SLICE("binary")));

    static const struct http_limits limits = {1024, 1024, 10};
    struct http_scan scan = http_scan_answer();
    struct http_answer answer;
    struct slice choice;
    const char *why;
    size_t consumed, length = ws_handshake_response(answer_text, sizeof(answer_text), &handshake,
                                                    (struct slice){0});
    assert_int_equal(http_answer_parse(&answer, (struct slice){answer_text, length}, &limits,
                                       HTTP_ASKED_UPGRADE, &scan, &consumed, &why),
                     HTTP_ANSWER_DONE);
    assert_int_equal(ws_request_check(&answer, request.key, offers, 2, &choice, &why),
                     WS_REPLY_OPEN);
    assert_true(slice_equal(choice, SLICE("binary")));
}

static void test_refuses_places(void **state)
{
    static const char *const paths[] = {"",          "ssh",    "/a b",    "/a\r\nX: y",
                                        "/a\nb",     "/a\x7f", "/a#frag", "/a\\b",
                                        "/\xc3\xa9", "/%",     "/%zz",    "/?a=%4"};
    static const char *const hosts[] = {"",        "a b",  "a\r\nX: y", "a\n",  "user@host",
                                        "a:b",     "a/b",  "::1",       "[::1", "[::1]x",
                                        "a:70000", "a%zz", ":80"};
    for (size_t i = 0; i < WSL_COUNT(paths); i++) {
        begin(paths[i], "a", sizeof(text));
        add_line(SLICE("A: b"));
        expect_fault("a path that no URL");
    }
    for (size_t i = 0; i < WSL_COUNT(hosts); i++) {
        begin("/", hosts[i], sizeof(text));
        expect_fault("a host that is none");
    }
    begin("/", "[::1]:80", sizeof(text));
    assert_int_not_equal(ws_request_end(&request), 0);
}

static void test_refuses_fields(void **state)
{
    static const struct {
        const char *line, *fault;
    } cases[] = {
        {": b", "no token"},
        {"A : b", "no token"},
        {"A b: c", "no token"},
        {"A\r\nB: c", "no token"},
        {"A: b\r\nC: d", "control character"},
        {"A: b\n", "control character"},
        {"A: b\r", "control character"},
        {"A: \x7f", "control character"},
        {"host: a", "handshake itself"},
        {"UPGRADE: h2c", "handshake itself"},
        {"Connection: close", "handshake itself"},
        {"content-length: 5", "handshake itself"},
        {"Transfer-Encoding: chunked", "handshake itself"},
        {"Expect: 100-continue", "handshake itself"},
        {"sec-websocket-key: x", "handshake itself"},
        {"Sec-WebSocket-Anything: x", "handshake itself"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        begin_good();
        add_line(slice_of(cases[i].line));
        add_line(SLICE("Good: one"));
        expect_fault(cases[i].fault);
    }
    begin_good();
    ws_request_add(&request, SLICE("A"), (struct slice){"b\0c", 3});
    expect_fault("control character");
    begin_good();
    ws_request_add(&request, SLICE("Authorization"), SLICE("Basic YTpi"));
    add_line(SLICE("authorization: Bearer x"));
    expect_fault("twice");
}

static void test_refuses_offers(void **state)
{
    static const char *const twice[] = {"a", "b", "a"}, *const empty[] = {""};
    static const char *const broken[] = {"a", "b\r\nX: y"}, *const list[] = {"a, b"};
    const char *many[WS_SUBPROTOCOLS_MAX + 1];
    char names[WS_SUBPROTOCOLS_MAX + 1][4];
    for (size_t i = 0; i < WSL_COUNT(many); i++) {
        snprintf(names[i], sizeof(names[i]), "%zu", i);
        many[i] = names[i];
    }
    begin_good();
    ws_request_offer(&request, twice, 3);
    expect_fault("twice");
    begin_good();
    ws_request_offer(&request, empty, 1);
    expect_fault("no token");
    begin_good();
    ws_request_offer(&request, broken, 2);
    expect_fault("no token");
    begin_good();
    ws_request_offer(&request, list, 1);
    expect_fault("no token");
    begin_good();
    ws_request_offer(&request, many, WSL_COUNT(many));
    expect_fault("too many");
    begin_good();
    ws_request_offer(&request, many, WSL_COUNT(many) - 1);
    assert_int_not_equal(ws_request_end(&request), 0);
}

/* No byte is written beyond the buffer, and no request is cut. */
static void test_keeps_within_the_buffer(void **state)
{
    size_t whole = strlen(HEAD AGENT "A: b\r\n\r\n");
    for (size_t capacity = 0; capacity <= whole; capacity++) {
        char *exact = malloc(capacity + 1);
        assert_non_null(exact);
        exact[capacity] = '!';
        ws_request_begin(&request, exact, capacity, SLICE("/ssh?to=a%20b"),
                         SLICE("gate.example.com:8443"), nonce);
        add_line(SLICE("A: b"));
        assert_int_equal(ws_request_end(&request), capacity == whole ? whole : 0);
        if (capacity < whole)
            assert_string_equal(request.fault, "is too long");
        assert_int_equal(exact[capacity], '!');
        free(exact);
    }
}

/* ---- the answer ---- */

static const char *const offered[] = {"binary", "v1.ssh"};
static struct slice chosen;
static const char *fault;

static enum ws_reply judge(const char *head, size_t count)
{
    static const struct http_limits limits = {1024, 1024, 20};
    static struct http_answer answer;
    static char copy[1024];
    struct http_scan scan = http_scan_answer();
    size_t consumed;
    snprintf(copy, sizeof(copy), "%s\r\n", head);
    assert_int_equal(http_answer_parse(&answer, slice_of(copy), &limits, HTTP_ASKED_UPGRADE, &scan,
                                       &consumed, &fault),
                     HTTP_ANSWER_DONE);
    return ws_request_check(&answer, key, offered, count, &chosen, &fault);
}

static void expect_open(const char *head, size_t count, const char *subprotocol)
{
    assert_int_equal(judge(head, count), WS_REPLY_OPEN);
    assert_null(fault);
    assert_true(slice_equal(chosen, slice_of(subprotocol)));
    assert_true(!chosen.ptr == !subprotocol);
}

static void expect_reply(const char *head, enum ws_reply wanted, const char *why)
{
    enum ws_reply reply = judge(head, 2);
    if (reply != wanted || !fault || !strstr(fault, why))
        fail_msg("%d \"%s\" instead of %d \"%s\" for\n%s", reply, fault ? fault : "", wanted, why,
                 head);
    assert_null(chosen.ptr);
}

static void test_opens(void **state)
{
    expect_open(GOOD, 0, NULL);
    expect_open(GOOD, 2, NULL);
    expect_open(GOOD PROTOCOL "binary\r\n", 2, "binary");
    expect_open(GOOD PROTOCOL " v1.ssh \r\n", 2, "v1.ssh");
    expect_open(SWITCH "upgrade: WebSocket\r\nconnection: keep-alive, UPGRADE\r\n" ACCEPT, 0, NULL);
    expect_open("HTTP/1.1 101\r\n" UPGRADE ACCEPT, 0, NULL);
    expect_open(GOOD "Sec-WebSocket-Extensions:\r\n", 0, NULL);
}

static void test_refuses_other_statuses(void **state)
{
    expect_reply("HTTP/1.1 200 OK\r\n" UPGRADE ACCEPT, WS_REPLY_REFUSED, "does not change");
    expect_reply("HTTP/1.1 401 No\r\n" UPGRADE ACCEPT, WS_REPLY_REFUSED, "credentials");
    expect_reply("HTTP/1.1 403 No\r\n" UPGRADE ACCEPT, WS_REPLY_REFUSED, "refuses");
    expect_reply("HTTP/1.1 426 No\r\n" UPGRADE ACCEPT, WS_REPLY_REFUSED, "version");
    expect_reply("HTTP/1.1 502 No\r\n", WS_REPLY_REFUSED, "refuses");
    expect_reply("HTTP/1.1 302 Found\r\nLocation: wss://b/\r\n", WS_REPLY_REDIRECT, "not followed");
    expect_reply("HTTP/1.1 304 Not Modified\r\n", WS_REPLY_REFUSED, "refuses");
}

static void test_refuses_wrong_answers(void **state)
{
    static const struct {
        const char *head, *why;
    } cases[] = {
        {"HTTP/1.0 101 Switching\r\n" UPGRADE ACCEPT, "HTTP/1.0"},
        {SWITCH "Connection: Upgrade\r\n" ACCEPT, "other than WebSocket"},
        {SWITCH "Connection: Upgrade\r\nUpgrade: h2c\r\n" ACCEPT, "other than WebSocket"},
        {SWITCH "Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n" ACCEPT,
         "other than WebSocket"},
        {SWITCH UPGRADE "Upgrade: websocket\r\n" ACCEPT, "other than WebSocket"},
        {SWITCH "Upgrade: websocket\r\n" ACCEPT, "lacks the field"},
        {SWITCH "Upgrade: websocket\r\nConnection: close\r\n" ACCEPT, "lacks the field"},
        {SWITCH UPGRADE, "does not fit"},
        {SWITCH UPGRADE ACCEPT ACCEPT, "does not fit"},
        {SWITCH UPGRADE "Sec-WebSocket-Accept:\r\n", "does not fit"},
        {SWITCH UPGRADE "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "does not fit"},
        {SWITCH UPGRADE "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo\r\n", "does not fit"},
        {SWITCH UPGRADE "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=x\r\n", "does not fit"},
        {SWITCH UPGRADE "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n", "does not fit"},
        {GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n", "extension"},
        {GOOD "sec-websocket-extensions:\r\nSec-WebSocket-Extensions: , x\r\n", "extension"},
        {GOOD PROTOCOL "other\r\n", "not offered"},
        {GOOD PROTOCOL "Binary\r\n", "not offered"},
        {GOOD PROTOCOL "binary, v1.ssh\r\n", "not offered"},
        {GOOD PROTOCOL "\r\n", "not offered"},
        {GOOD PROTOCOL "binary\r\n" PROTOCOL "binary\r\n", "several"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++)
        expect_reply(cases[i].head, WS_REPLY_BAD, cases[i].why);
    assert_int_equal(judge(GOOD PROTOCOL "binary\r\n", 0), WS_REPLY_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_the_request),
        cmocka_unit_test(test_server_side_accepts),
        cmocka_unit_test(test_refuses_places),
        cmocka_unit_test(test_refuses_fields),
        cmocka_unit_test(test_refuses_offers),
        cmocka_unit_test(test_keeps_within_the_buffer),
        cmocka_unit_test(test_opens),
        cmocka_unit_test(test_refuses_other_statuses),
        cmocka_unit_test(test_refuses_wrong_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
