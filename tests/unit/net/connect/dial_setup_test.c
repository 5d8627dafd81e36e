/* What follows a dial's connect: preface, TLS, both, and a target that breaks off. */
#include "net/connect/dial_setup.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "config/model/section/config_proxy.h"
#include "lib/tls_wire.h"
#include "net/watch.h"

static uv_loop_t loop;
static struct watch_set watches;
static struct tls_wire_lab lab;
static struct tls_peer peer;
static const struct config_address address = {
    .kind = CONFIG_ADDRESS_TCP, .host = "desk.test", .port = 5900};
static struct dial_request request;
static struct dial_result result;
static struct dial_setup setup;

static void ready_cb(void *owner, unsigned ready)
{
}

static int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    tls_wire_lab_open(&lab);
    result = (struct dial_result){.fd = tls_peer_open(&peer, lab.other[CLIENT], 0)};
    SSL_set_accept_state(peer.ssl);
    result.watch = watch_open(&watches, result.fd, 0, ready_cb, NULL);
    assert_non_null(result.watch);
    request = (struct dial_request){.address = &address, .loop.scratch = &lab.scratch};
    setup = (struct dial_setup){.request = &request, .result = &result};
    return 0;
}

static int tear_down(void **unused)
{
    dial_setup_end(&setup);
    dial_result_discard(&result);
    tls_peer_close(&peer);
    tls_wire_lab_close(&lab);
    watch_set_close(&watches);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static void expect_failure(enum reason reason, const char *words)
{
    assert_string_equal(reason_row(result.reason)->name, reason_row(reason)->name);
    assert_ptr_equal(strstr(result.detail, "desk.test:5900: "), result.detail);
    assert_non_null(strstr(result.detail, words));
}

static void proceed_until_complete(void)
{
    for (int turn = 0; !dial_setup_proceed(&setup); turn++) {
        assert_true(turn < 100);
        tls_peer_turn(&peer);
    }
}

static void test_nothing_to_do(void **unused)
{
    assert_true(dial_setup_begin(&setup));
    assert_int_equal(result.reason, REASON_none);
}

static void test_a_preface(void **unused)
{
    char text[32];
    request.preface = SLICE("PROXY UNKNOWN\r\n");
    assert_false(dial_setup_begin(&setup));
    assert_true(dial_setup_proceed(&setup));
    assert_int_equal(result.reason, REASON_none);
    assert_int_equal(recv(peer.fd, text, sizeof(text), 0), request.preface.len);
    assert_memory_equal(text, request.preface.ptr, request.preface.len);
}

/* More than the socket takes: it goes on from where it stopped. */
static void test_a_long_preface(void **unused)
{
    static char sent[1 << 20], heard[sizeof(sent)];
    size_t length = 0;
    for (size_t i = 0; i < sizeof(sent); i++)
        sent[i] = (char)(i ^ i >> 9);
    request.preface = (struct slice){sent, sizeof(sent)};
    assert_false(dial_setup_begin(&setup));
    assert_false(dial_setup_proceed(&setup));
    for (bool complete = false; length < sizeof(heard);) {
        ssize_t got = recv(peer.fd, heard + length, sizeof(heard) - length, 0);
        length += got > 0 ? (size_t)got : 0;
        complete = complete || dial_setup_proceed(&setup);
    }
    assert_int_equal(result.reason, REASON_none);
    assert_memory_equal(heard, sent, sizeof(sent));
}

static void test_a_target_that_does_not_take_the_preface(void **unused)
{
    request.preface = SLICE("PROXY UNKNOWN\r\n");
    tls_peer_hang_up(&peer);
    assert_false(dial_setup_begin(&setup));
    assert_true(dial_setup_proceed(&setup));
    expect_failure(REASON_target_reset, "pipe");
}

static void test_tls(void **unused)
{
    request.tls = lab.ctx[CLIENT];
    assert_false(dial_setup_begin(&setup));
    proceed_until_complete();
    assert_int_equal(result.reason, REASON_none);
    assert_non_null(result.tls);
    assert_int_equal(tls_protocol(result.tls), TLS1_3_VERSION);
}

/* In the clear, before the first byte of TLS. */
static void test_tls_behind_a_preface(void **unused)
{
    char text[32];
    request.tls = lab.ctx[CLIENT];
    request.preface = SLICE("PROXY UNKNOWN\r\n");
    assert_false(dial_setup_begin(&setup));
    assert_false(dial_setup_proceed(&setup));
    assert_int_equal(recv(peer.fd, text, request.preface.len, 0), request.preface.len);
    assert_memory_equal(text, request.preface.ptr, request.preface.len);
    proceed_until_complete();
    assert_int_equal(result.reason, REASON_none);
}

/* Behind the preface, and through TLS. */
static void test_a_greeting(void **unused)
{
    char text[64];
    request.greeting = SLICE("CONNECT /x\r\n");
    request.preface = SLICE("PROXY UNKNOWN\r\n");
    assert_false(dial_setup_begin(&setup));
    assert_true(dial_setup_proceed(&setup));
    assert_int_equal(result.reason, REASON_none);
    assert_int_equal(recv(peer.fd, text, sizeof(text), 0),
                     request.preface.len + request.greeting.len);
    assert_memory_equal(text, "PROXY UNKNOWN\r\nCONNECT /x\r\n", 27);
}

static void test_a_greeting_through_tls(void **unused)
{
    char text[64];
    request.tls = lab.ctx[CLIENT];
    request.greeting = SLICE("CONNECT /x\r\n");
    assert_false(dial_setup_begin(&setup));
    proceed_until_complete();
    assert_int_equal(result.reason, REASON_none);
    tls_peer_turn(&peer);
    assert_int_equal(tls_peer_read(&peer, text, sizeof(text)), request.greeting.len);
    assert_memory_equal(text, request.greeting.ptr, request.greeting.len);
}

/* More than the socket takes at once. */
static void test_a_long_greeting(void **unused)
{
    static char sent[1 << 20], heard[sizeof(sent)];
    size_t length = 0;
    for (size_t i = 0; i < sizeof(sent); i++)
        sent[i] = (char)(i ^ i >> 9);
    request.greeting = (struct slice){sent, sizeof(sent)};
    assert_false(dial_setup_begin(&setup));
    assert_false(dial_setup_proceed(&setup));
    for (bool complete = false; length < sizeof(heard);) {
        ssize_t got = recv(peer.fd, heard + length, sizeof(heard) - length, 0);
        length += got > 0 ? (size_t)got : 0;
        complete = complete || dial_setup_proceed(&setup);
    }
    assert_int_equal(result.reason, REASON_none);
    assert_memory_equal(heard, sent, sizeof(sent));
}

static void test_a_target_that_does_not_take_the_greeting(void **unused)
{
    request.greeting = SLICE("CONNECT /x\r\n");
    tls_peer_hang_up(&peer);
    assert_false(dial_setup_begin(&setup));
    assert_true(dial_setup_proceed(&setup));
    expect_failure(REASON_target_reset, "reset");
}

static void hear_connect(void)
{
    static const char wanted[] = "CONNECT desk.test:5900 HTTP/1.1\r\nHost: desk.test:5900\r\n\r\n";
    char text[128];
    assert_int_equal(recv(peer.fd, text, sizeof(text), 0), sizeof(wanted) - 1);
    assert_memory_equal(text, wanted, sizeof(wanted) - 1);
}

static void say(const char *text)
{
    assert_int_equal(send(peer.fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Nothing for the target is sent before the tunnel is open; then all of it goes through. */
static void test_a_tunnel(void **unused)
{
    struct config_proxy proxy;
    char text[64];
    assert_null(config_proxy_parse("http://gate:3128", &proxy));
    request.proxy = &proxy;
    request.tls = lab.ctx[CLIENT];
    request.preface = SLICE("PROXY UNKNOWN\r\n");
    request.greeting = SLICE("CONNECT /x\r\n");
    assert_false(dial_setup_begin(&setup));
    assert_false(dial_setup_proceed(&setup));
    hear_connect();
    assert_false(dial_setup_proceed(&setup));
    assert_int_equal(recv(peer.fd, text, sizeof(text), 0), -1);
    say("HTTP/1.1 200 OK\r\n\r\n");
    assert_false(dial_setup_proceed(&setup));
    assert_null(setup.tunnel);
    assert_int_equal(recv(peer.fd, text, request.preface.len, 0), request.preface.len);
    assert_memory_equal(text, request.preface.ptr, request.preface.len);
    proceed_until_complete();
    assert_int_equal(result.reason, REASON_none);
    tls_peer_turn(&peer);
    assert_int_equal(tls_peer_read(&peer, text, sizeof(text)), request.greeting.len);
}

static void test_a_tunnel_alone(void **unused)
{
    struct config_proxy proxy;
    assert_null(config_proxy_parse("http://gate:3128", &proxy));
    request.proxy = &proxy;
    assert_false(dial_setup_begin(&setup));
    assert_false(dial_setup_proceed(&setup));
    say("HTTP/1.1 200 OK\r\n\r\n");
    assert_true(dial_setup_proceed(&setup));
    assert_int_equal(result.reason, REASON_none);
}

static void test_a_tunnel_that_is_refused(void **unused)
{
    struct config_proxy proxy;
    char text[128];
    assert_null(config_proxy_parse("http://gate:3128", &proxy));
    request.proxy = &proxy;
    request.preface = SLICE("PROXY UNKNOWN\r\n");
    assert_false(dial_setup_begin(&setup));
    assert_false(dial_setup_proceed(&setup));
    hear_connect();
    say("HTTP/1.1 403 No\r\n\r\n");
    assert_true(dial_setup_proceed(&setup));
    assert_int_equal(result.reason, REASON_target_proxy_refused);
    assert_string_equal(result.detail, "proxy gate:3128: answers 403 No");
    assert_int_equal(recv(peer.fd, text, sizeof(text), 0), -1);
}

static void test_a_name_of_the_request(void **unused)
{
    request.tls = lab.ctx[CLIENT];
    request.tls_name = "other.test";
    assert_false(dial_setup_begin(&setup));
    proceed_until_complete();
    expect_failure(REASON_target_untrusted, "mismatch");
}

static void test_a_target_that_speaks_no_tls(void **unused)
{
    request.tls = lab.ctx[CLIENT];
    assert_false(dial_setup_begin(&setup));
    assert_false(dial_setup_proceed(&setup));
    assert_int_equal(send(peer.fd, "RFB 003.008\n", 12, 0), 12);
    assert_true(dial_setup_proceed(&setup));
    expect_failure(REASON_target_tls, "wrong version number");
}

static void test_a_target_that_leaves(void **unused)
{
    request.tls = lab.ctx[CLIENT];
    assert_false(dial_setup_begin(&setup));
    assert_false(dial_setup_proceed(&setup));
    shutdown(peer.fd, SHUT_WR);
    assert_true(dial_setup_proceed(&setup));
    expect_failure(REASON_target_tls, "closed during the handshake");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_to_do),
        TEST(test_a_preface),
        TEST(test_a_long_preface),
        TEST(test_a_target_that_does_not_take_the_preface),
        TEST(test_tls),
        TEST(test_tls_behind_a_preface),
        TEST(test_a_greeting),
        TEST(test_a_greeting_through_tls),
        TEST(test_a_long_greeting),
        TEST(test_a_target_that_does_not_take_the_greeting),
        TEST(test_a_tunnel),
        TEST(test_a_tunnel_alone),
        TEST(test_a_tunnel_that_is_refused),
        TEST(test_a_name_of_the_request),
        TEST(test_a_target_that_speaks_no_tls),
        TEST(test_a_target_that_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
