/* The talk with a proxy on a connected socket: each stage, cut everywhere, and what is left. */
#include "net/connect/dial_tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/model/config.h"
#include "config/model/section/config_proxy.h"
#include "lib/failing_alloc.h"
#include "net/watch.h"

static uv_loop_t loop;
static struct watch_set watches;
static struct config_proxy proxy;
static struct config_address address;
static struct dial_request request;
static struct dial_result result;
static struct dial_tunnel *tunnel;
static int peer;

static void ready_cb(void *owner, unsigned ready)
{
}

static void open_pair(void)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    peer = pair[1];
    result = (struct dial_result){.fd = pair[0]};
    result.watch = watch_open(&watches, pair[0], 0, ready_cb, NULL);
    assert_non_null(result.watch);
}

static void close_pair(void)
{
    dial_tunnel_free(tunnel);
    tunnel = NULL;
    dial_result_discard(&result);
    if (peer >= 0)
        close(peer);
    peer = -1;
}

static int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    address = (struct config_address){.kind = CONFIG_ADDRESS_TCP, .host = "desk", .port = 5900};
    request = (struct dial_request){.address = &address, .proxy = &proxy};
    open_pair();
    return 0;
}

static int tear_down(void **unused)
{
    close_pair();
    watch_set_close(&watches);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static void begin(const char *url)
{
    assert_null(config_proxy_parse(url, &proxy));
    tunnel = dial_tunnel_create(&request, &result);
    assert_non_null(tunnel);
}

static void hear(struct slice wanted)
{
    char text[4096];
    assert_int_equal(recv(peer, text, sizeof(text), 0), wanted.len);
    assert_memory_equal(text, wanted.ptr, wanted.len);
}

static void say(struct slice text)
{
    assert_int_equal(send(peer, text.ptr, text.len, MSG_NOSIGNAL), text.len);
}

/* Byte by byte: it is not over before the last one. */
static void drip(struct slice text, bool over)
{
    for (size_t i = 0; i < text.len; i++) {
        assert_int_equal(result.reason, REASON_none);
        say((struct slice){text.ptr + i, 1});
        assert_int_equal(dial_tunnel_proceed(tunnel), over && i + 1 == text.len);
    }
}

static void assert_open(struct slice left)
{
    char text[64];
    assert_int_equal(result.reason, REASON_none);
    ssize_t got = recv(result.fd, text, sizeof(text), 0);
    assert_int_equal(got, left.len ? (ssize_t)left.len : -1);
    assert_memory_equal(text, left.ptr, left.len);
}

static void assert_failed(enum reason reason, const char *detail)
{
    assert_string_equal(reason_row(result.reason)->name, reason_row(reason)->name);
    assert_string_equal(result.detail, detail);
}

#define ASKED   SLICE("CONNECT desk:5900 HTTP/1.1\r\nHost: desk:5900\r\n\r\n")
#define GRANTED SLICE("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")

static void test_http(void **unused)
{
    begin("http://gate:3128");
    assert_false(dial_tunnel_proceed(tunnel));
    hear(ASKED);
    assert_false(dial_tunnel_proceed(tunnel));
    say(GRANTED);
    assert_true(dial_tunnel_proceed(tunnel));
    assert_open(SLICE(""));
}

/* The target speaks first, and its bytes come with the answer. */
static void test_bytes_behind_the_answer(void **unused)
{
    begin("http://gate:3128");
    assert_false(dial_tunnel_proceed(tunnel));
    say(SLICE("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nRFB 003.008\n"));
    assert_true(dial_tunnel_proceed(tunnel));
    assert_open(SLICE("RFB 003.008\n"));
    close_pair();
    open_pair();
    begin("http://gate:3128");
    assert_false(dial_tunnel_proceed(tunnel));
    drip(GRANTED, true);
    say(SLICE("SSH-2.0-x\r\n"));
    assert_open(SLICE("SSH-2.0-x\r\n"));
}

static void test_socks(void **unused)
{
    begin("socks5://me:pass@gate");
    assert_false(dial_tunnel_proceed(tunnel));
    hear(SLICE("\5\2\0\2"));
    drip(SLICE("\5\2"), false);
    hear(SLICE("\1\2me\4pass"));
    drip(SLICE("\1\0"), false);
    hear(SLICE("\5\1\0\3\4desk\27\14"));
    drip(SLICE("\5\0\0\3\4desk\27\14"), true);
    assert_open(SLICE(""));
}

/* All at once, before it has asked. */
static void test_a_hasty_proxy(void **unused)
{
    begin("socks5://me:pass@gate");
    say(SLICE("\5\2\1\0\5\0\0\1\177\0\0\1\27\14RFB"));
    assert_true(dial_tunnel_proceed(tunnel));
    assert_open(SLICE("RFB"));
    hear(SLICE("\5\2\0\2\1\2me\4pass\5\1\0\3\4desk\27\14"));
}

static void test_refusals(void **unused)
{
    begin("http://gate:3128");
    assert_false(dial_tunnel_proceed(tunnel));
    say(SLICE("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nbody"));
    assert_true(dial_tunnel_proceed(tunnel));
    assert_failed(REASON_target_proxy_refused, "proxy gate:3128: answers 403 Forbidden");
    close_pair();
    open_pair();
    begin("socks5://[::1]");
    assert_false(dial_tunnel_proceed(tunnel));
    say(SLICE("\5\377"));
    assert_true(dial_tunnel_proceed(tunnel));
    assert_failed(REASON_target_proxy_auth, "proxy [::1]:1080: wants a login");
}

static void test_an_endless_head(void **unused)
{
    static char text[16384];
    memset(text, 'x', sizeof(text));
    memcpy(text, "HTTP/1.1 200 ", 13);
    begin("http://gate:3128");
    assert_false(dial_tunnel_proceed(tunnel));
    say((struct slice){text, sizeof(text)});
    assert_true(dial_tunnel_proceed(tunnel));
    assert_failed(REASON_target_proxy_failed,
                  "proxy gate:3128: gave an answer that has a header that is too large");
}

static void test_a_proxy_that_leaves(void **unused)
{
    static const struct slice said[] = {{"", 0}, {"\5", 1}, {"\5\2", 2}, {"\5\2\1\0\5\0\0", 7}};
    for (size_t i = 0; i < WSL_COUNT(said); i++) {
        begin("socks5://me:pass@gate");
        assert_false(dial_tunnel_proceed(tunnel));
        if (said[i].len > 0)
            say(said[i]);
        assert_false(dial_tunnel_proceed(tunnel));
        shutdown(peer, SHUT_WR);
        assert_true(dial_tunnel_proceed(tunnel));
        assert_failed(REASON_target_proxy_failed,
                      "proxy gate:1080: closed the connection without an answer");
        close_pair();
        open_pair();
    }
    begin("http://gate");
    close(peer);
    peer = -1;
    assert_true(dial_tunnel_proceed(tunnel));
    assert_failed(REASON_target_proxy_unreachable, "proxy gate:1080: Broken pipe");
}

/* The socket takes no more for a while. */
static void test_a_proxy_that_does_not_read(void **unused)
{
    static char filler[4096], text[1 << 20];
    ssize_t more;
    size_t filled = 0, length = 0;
    while ((more = send(result.fd, filler, sizeof(filler), MSG_NOSIGNAL)) > 0)
        filled += (size_t)more;
    begin("http://gate:3128");
    assert_false(dial_tunnel_proceed(tunnel));
    while (length < filled + ASKED.len && length < sizeof(text)) {
        ssize_t got = recv(peer, text + length, sizeof(text) - length, 0);
        length += got > 0 ? (size_t)got : 0;
        assert_false(dial_tunnel_proceed(tunnel));
    }
    assert_int_equal(length, filled + ASKED.len);
    assert_memory_equal(text + filled, ASKED.ptr, ASKED.len);
}

static void test_targets_that_cannot_be_asked_for(void **unused)
{
    address.host = "desk\r\nX: y";
    begin("http://gate:3128");
    assert_true(dial_tunnel_proceed(tunnel));
    assert_failed(REASON_target_proxy_failed,
                  "proxy gate:3128: cannot be asked for this host with this login");
    close_pair();
    open_pair();
    address = (struct config_address){.kind = CONFIG_ADDRESS_UNIX, .path = "/run/desk"};
    begin("socks5://gate");
    assert_true(dial_tunnel_proceed(tunnel));
    assert_int_equal(result.reason, REASON_target_proxy_failed);
    assert_int_equal(recv(peer, &(char){0}, 1, 0), -1);
}

static void test_the_first_connection(void **unused)
{
    char text[128];
    assert_null(config_proxy_parse("socks5://me:secret@[::1]:9050", &proxy));
    struct config_address hop = dial_tunnel_hop(&request);
    assert_int_equal(hop.kind, CONFIG_ADDRESS_TCP);
    assert_string_equal(hop.host, "::1");
    assert_int_equal(hop.port, 9050);
    assert_string_equal(dial_tunnel_hop_name(&request, text, sizeof(text)), "proxy [::1]:9050");
    assert_int_equal(dial_tunnel_hop_reason(&request, REASON_target_refused),
                     REASON_target_proxy_unreachable);
    assert_int_equal(dial_tunnel_hop_reason(&request, REASON_target_unresolved),
                     REASON_target_proxy_unreachable);
    assert_int_equal(dial_tunnel_hop_reason(&request, REASON_out_of_memory), REASON_out_of_memory);
    request.proxy = NULL;
    request.shown = "as shown";
    assert_string_equal(dial_tunnel_hop(&request).host, "desk");
    assert_string_equal(dial_tunnel_hop_name(&request, text, sizeof(text)), "as shown");
    assert_int_equal(dial_tunnel_hop_reason(&request, REASON_target_refused),
                     REASON_target_refused);
}

static void test_out_of_memory(void **unused)
{
    failing_alloc_arm(1);
    assert_null(dial_tunnel_create(&request, &result));
    failing_alloc_arm(0);
    dial_tunnel_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_http),
        TEST(test_bytes_behind_the_answer),
        TEST(test_socks),
        TEST(test_a_hasty_proxy),
        TEST(test_refusals),
        TEST(test_an_endless_head),
        TEST(test_a_proxy_that_leaves),
        TEST(test_a_proxy_that_does_not_read),
        TEST(test_targets_that_cannot_be_asked_for),
        TEST(test_the_first_connection),
        TEST(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
