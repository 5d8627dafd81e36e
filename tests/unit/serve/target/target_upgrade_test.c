/* The handshake with a WebSocket server over a pair of sockets, in pieces, and what it refuses. */
#include "serve/target/target_upgrade.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "codec/ws/ws_handshake.h"
#include "lib/head_of.h"
#include "net/plain.h"
#include "net/watch.h"

#define ROOM ((size_t)64 * 1024)

static uv_loop_t loop;
static struct watch_set watches;
static struct watch *watch;
static struct plain plain;
static int ends[2];
static struct target_upgrade upgrade;
static struct config_target target;
static struct config_texts offered;
static uint8_t buffer[ROOM];
static size_t length;
static char request[ROOM];

static void ready_cb(void *owner, unsigned ready)
{
}

static int set_up(void **unused)
{
    static const char *names[] = {"binary", "chat"};
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    watch = watch_open(&watches, ends[0], 0, ready_cb, NULL);
    assert_non_null(watch);
    target = (struct config_target){
        .address = {.kind = CONFIG_ADDRESS_TCP, .host = "gate.example", .port = 80},
        .ws = {.path = "/ssh?a=b"},
    };
    offered = (struct config_texts){names, 2};
    return 0;
}

static int tear_down(void **unused)
{
    target_upgrade_free(&upgrade);
    watch_close(watch);
    watch_set_close(&watches);
    close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static void expect_verdict(enum target_upgrade_verdict verdict)
{
    memset(buffer, 0xee, sizeof(buffer)); /* others use it between two calls */
    assert_int_equal(target_upgrade_proceed(&upgrade, buffer, sizeof(buffer), &length), verdict);
}

/* Sends the request; the server has it in `request`. */
static void begin(void)
{
    assert_true(target_upgrade_begin(&upgrade, &target, &target.address, target.ws.path, &offered,
                                     plain_init(&plain, ends[0], &transport_target), watch));
    expect_verdict(TARGET_UPGRADE_WAITS);
    ssize_t n = recv(ends[1], request, sizeof(request) - 1, 0);
    assert_true(n > 0);
    request[n] = '\0';
}

static void server_sends(const void *bytes, size_t count)
{
    assert_int_equal(send(ends[1], bytes, count, 0), count);
}

/* The 101 of a server that accepts; `more`: field lines. */
static size_t accept_with(char *out, size_t size, const char *more)
{
    struct http_head head;
    struct ws_handshake handshake;
    head = head_of_text(request);
    assert_int_equal(ws_handshake_check(&head, &handshake), REASON_none);
    return (size_t)snprintf(out, size,
                            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Accept: %.28s\r\n%s\r\n",
                            handshake.accept, more);
}

static void expect_refusal(enum reason reason, const char *detail)
{
    expect_verdict(TARGET_UPGRADE_FAILED);
    assert_string_equal(reason_row(upgrade.reason)->name, reason_row(reason)->name);
    assert_string_equal(upgrade.detail, detail);
}

static void test_the_request(void **unused)
{
    begin();
    assert_ptr_equal(strstr(request, "GET /ssh?a=b HTTP/1.1\r\n"), request);
    assert_non_null(strstr(request, "\r\nHost: gate.example\r\n"));
    assert_non_null(strstr(request, "\r\nSec-WebSocket-Protocol: binary, chat\r\n"));
}

static void test_its_choice(void **unused)
{
    char answer[512];
    begin();
    server_sends(answer, accept_with(answer, sizeof(answer), "Sec-WebSocket-Protocol: chat\r\n"));
    expect_verdict(TARGET_UPGRADE_OPEN);
    assert_ptr_equal(upgrade.subprotocol, offered.items[1]);
}

static void test_its_fields(void **unused)
{
    struct config_header more[] = {{"X-One", "1"}, {"X-Two", "2"}};
    target.address.port = 8080;
    target.ws = (struct config_ws_target){.path = "/",
                                          .origin = "https://desk.example",
                                          .user = "ann",
                                          .password = "open:sesame",
                                          .headers = more,
                                          .header_count = 2};
    offered.count = 0;
    begin();
    assert_non_null(strstr(request, "\r\nHost: gate.example:8080\r\n"));
    assert_non_null(strstr(request, "\r\nOrigin: https://desk.example\r\n"));
    assert_non_null(strstr(request, "\r\nAuthorization: Basic YW5uOm9wZW46c2VzYW1l\r\n"));
    assert_non_null(strstr(request, "\r\nX-One: 1\r\n"));
    assert_non_null(strstr(request, "\r\nX-Two: 2\r\n"));
    assert_null(strstr(request, "Sec-WebSocket-Protocol"));
}

static void test_a_ticket_and_another_host(void **unused)
{
    target.ws.bearer = "abc.def";
    target.ws.host = "other.example";
    begin();
    assert_non_null(strstr(request, "\r\nHost: other.example\r\n"));
    assert_non_null(strstr(request, "\r\nAuthorization: Bearer abc.def\r\n"));
}

static void test_every_cut(void **unused)
{
    char answer[512];
    begin();
    size_t whole = accept_with(answer, sizeof(answer), "Sec-WebSocket-Protocol: chat\r\n");
    memcpy(answer + whole, "\x82\x02hi", 4);
    for (size_t cut = 1; cut < whole; cut++) {
        server_sends(answer, cut);
        expect_verdict(TARGET_UPGRADE_WAITS);
        server_sends(answer + cut, whole + 4 - cut);
        expect_verdict(TARGET_UPGRADE_OPEN);
        assert_int_equal(length, 4);
        assert_memory_equal(buffer, "\x82\x02hi", 4);
        assert_int_equal(upgrade.reason, REASON_none);
        target_upgrade_free(&upgrade);
        begin();
        whole = accept_with(answer, sizeof(answer), "Sec-WebSocket-Protocol: chat\r\n");
        memcpy(answer + whole, "\x82\x02hi", 4);
    }
}

static void test_an_answer_behind_interim_ones(void **unused)
{
    char answer[512];
    begin();
    size_t whole = accept_with(answer, sizeof(answer), "");
    server_sends("HTTP/1.1 103 Early Hints\r\n\r\n", 28);
    expect_verdict(TARGET_UPGRADE_WAITS);
    server_sends(answer, whole);
    expect_verdict(TARGET_UPGRADE_OPEN);
    assert_int_equal(length, 0);
}

static void test_refusals_in_the_servers_words(void **unused)
{
    static const char refusal[] = "HTTP/1.1 403 This\taddress is not allowed\xff\r\n"
                                  "Content-Length: 4\r\n\r\nbody";
    begin();
    server_sends(refusal, sizeof(refusal) - 1);
    expect_verdict(TARGET_UPGRADE_FAILED);
    assert_int_equal(upgrade.reason, REASON_target_upgrade);
    assert_ptr_equal(strstr(upgrade.detail, "HTTP 403 This"), upgrade.detail);
}

static void test_the_first_line_of_a_plain_text(void **unused)
{
    static const char head[] = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8"
                               "\r\nContent-Length: 12\r\n\r\n";
    char refusal[256];
    begin();
    snprintf(refusal, sizeof(refusal), "%s%s", head, "one \303line\r\nmore than its length");
    server_sends(refusal, strlen(refusal));
    expect_refusal(REASON_target_upgrade, "HTTP 502 Bad Gateway - one ?line");
    target_upgrade_free(&upgrade);
    begin();
    server_sends(head, sizeof(head) - 1);
    expect_refusal(REASON_target_upgrade, "HTTP 502 Bad Gateway");
}

static void test_other_bodies_say_nothing(void **unused)
{
    static const char refusal[] = "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n"
                                  "Content-Length: 6\r\n\r\n<html>";
    begin();
    server_sends(refusal, sizeof(refusal) - 1);
    expect_refusal(REASON_target_upgrade, "HTTP 403 Forbidden");
}

static void test_redirects_are_not_followed(void **unused)
{
    static const char elsewhere[] = "HTTP/1.1 302 Found\r\nLocation: https://b.example/\r\n"
                                    "Content-Length: 0\r\n\r\n";
    begin();
    server_sends(elsewhere, sizeof(elsewhere) - 1);
    expect_refusal(REASON_target_upgrade,
                   "HTTP 302 Found to https://b.example/ which is not followed: name that address");
}

static void test_another_accept(void **unused)
{
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    begin();
    server_sends(answer, sizeof(answer) - 1);
    expect_verdict(TARGET_UPGRADE_FAILED);
    assert_non_null(strstr(upgrade.detail, "Sec-WebSocket-Accept"));
}

static void test_other_services(void **unused)
{
    begin();
    server_sends("SSH-2.0-OpenSSH_9.2\r\n", 21);
    expect_verdict(TARGET_UPGRADE_FAILED);
    assert_ptr_equal(strstr(upgrade.detail, "the answer "), upgrade.detail);
}

static void test_an_early_end(void **unused)
{
    begin();
    close(ends[1]);
    ends[1] = -1;
    expect_refusal(REASON_target_upgrade,
                   "the connection was closed before the answer was complete");
}

static void test_a_late_answer(void **unused)
{
    begin();
    expect_verdict(TARGET_UPGRADE_WAITS);
    target_upgrade_late(&upgrade);
    assert_int_equal(upgrade.reason, REASON_target_timeout);
}

static void test_an_endless_head(void **unused)
{
    static char line[1024];
    memset(line, 'x', sizeof(line));
    memcpy(line, "X: ", 3);
    memcpy(line + sizeof(line) - 2, "\r\n", 2);
    begin();
    server_sends("HTTP/1.1 101 OK\r\n", 17);
    enum target_upgrade_verdict verdict = TARGET_UPGRADE_WAITS;
    for (int i = 0; i < 200 && verdict == TARGET_UPGRADE_WAITS; i++) {
        server_sends(line, sizeof(line));
        verdict = target_upgrade_proceed(&upgrade, buffer, sizeof(buffer), &length);
    }
    assert_int_equal(verdict, TARGET_UPGRADE_FAILED);
}

static void test_a_request_that_does_not_fit(void **unused)
{
    static char bearer[20000];
    memset(bearer, 'a', sizeof(bearer) - 1);
    target.ws.bearer = bearer;
    assert_false(target_upgrade_begin(&upgrade, &target, &target.address, target.ws.path, &offered,
                                      plain_init(&plain, ends[0], &transport_target), watch));
    assert_int_equal(upgrade.reason, REASON_target_upgrade);
    assert_string_equal(upgrade.detail, "the request has credentials that are too long");
    assert_int_equal(upgrade.request[0], 0); /* wiped */
    target_upgrade_free(&upgrade);
    bearer[16200] = '\0';
    assert_false(target_upgrade_begin(&upgrade, &target, &target.address, target.ws.path, &offered,
                                      plain_init(&plain, ends[0], &transport_target), watch));
    assert_string_equal(upgrade.detail, "the request is too long");
    assert_int_equal(upgrade.request[0], 0);
}

static void test_the_end_of_a_raw_client(void **unused)
{
    struct config_target ends_so = {.ws.eof = CONFIG_WS_EOF_HALF_CLOSE};
    assert_int_equal(target_upgrade_eof(&ends_so), BRIDGE_EOF_FIN);
    ends_so.ws.eof = CONFIG_WS_EOF_CLOSE;
    assert_int_equal(target_upgrade_eof(&ends_so), BRIDGE_EOF_CLOSE);
    ends_so.ws.eof = CONFIG_WS_EOF_WAIT;
    assert_int_equal(target_upgrade_eof(&ends_so), BRIDGE_EOF_WAIT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_the_request),
        TEST(test_its_choice),
        TEST(test_its_fields),
        TEST(test_a_ticket_and_another_host),
        TEST(test_every_cut),
        TEST(test_an_answer_behind_interim_ones),
        TEST(test_refusals_in_the_servers_words),
        TEST(test_the_first_line_of_a_plain_text),
        TEST(test_other_bodies_say_nothing),
        TEST(test_redirects_are_not_followed),
        TEST(test_another_accept),
        TEST(test_other_services),
        TEST(test_an_early_end),
        TEST(test_a_late_answer),
        TEST(test_an_endless_head),
        TEST(test_a_request_that_does_not_fit),
        TEST(test_the_end_of_a_raw_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
