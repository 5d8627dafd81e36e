/*
 * Requests of a client over a pair of sockets: in parts, pipelined, and whether the connection
 * stays after a refusal.
 */
#include "serve/stages/session_request.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/site_lab.h"
#include "serve/session/session_client.h"
#include "serve/session/session_end.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_env.h"
#include "serve/stages/session.h"
#include "serve/stages/session_drain.h"

static struct site_lab lab;
static struct site *site;
static uv_loop_t loop;
static struct session_env env;
static int peer;

/* "/desk" is a redirect, "/other" a bridge. */
static int set_up(void **unused)
{
    struct config *config;
    site_lab_open(&lab);
    lab.routes[0] = (struct config_route){
        .path = "/desk",
        .name = "desk",
        .kind = CONFIG_KIND_REDIRECT,
        .redirect = "/new",
        .redirect_status = 302,
    };
    config = site_lab_config(&lab);
    config->limits.head_bytes = 4096;
    config->limits.head_fields = 32;
    config->limits.handshake_timeout_ms = config->limits.keep_alive_ms = 60000;
    config->limits.reply_timeout_ms = config->limits.close_timeout_ms = 60000;
    config->limits.max_connections = 1;
    site = site_create(config, &lab.shared, NULL, lab.error, sizeof(lab.error));
    config_release(config);
    assert_non_null(site);
    assert_int_equal(uv_loop_init(&loop), 0);
    env = (struct session_env){
        .loop = &loop, .limits = lab.shared.limits, .on_deadline = session_deadline_cb};
    assert_true(watch_set_open(&env.watches, &loop));
    uv_unref((uv_handle_t *)&env.watches.poll);
    assert_true(session_env_open(&env));
    return 0;
}

static int tear_down(void **unused)
{
    session_drain_kill(&env, REASON_shutdown);
    watch_set_close(&env.watches);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(env.live, 0);
    session_env_close(&env);
    site_release(site);
    site_lab_close(&lab);
    close(peer);
    return 0;
}

static void turn(void)
{
    uv_ref((uv_handle_t *)&env.watches.poll);
    for (int i = 0; i < 4; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    uv_unref((uv_handle_t *)&env.watches.poll);
}

/* Connects a client that has sent `text`. */
static void connect_with(const char *text)
{
    int pair[2];
    struct session_client client = {.site = site_retain(site)};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    peer = pair[1];
    client.fd = pair[0];
    assert_true(limits_reserve(lab.shared.limits, &client.usage, 2, 100));
    assert_int_equal(write(peer, text, strlen(text)), strlen(text));
    session_accept(&env, &client);
    turn();
}

static void send_text(const char *text)
{
    assert_int_equal(write(peer, text, strlen(text)), strlen(text));
    turn();
}

/* The statuses of all answers since the last call, "302 404"; '.' at the end: end of stream. */
static void expect_answers(const char *statuses)
{
    char text[8192], received[64] = "", *at = text;
    ssize_t n = recv(peer, text, sizeof(text) - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    while ((at = strstr(at, "HTTP/1.1 "))) {
        size_t length = strlen(received);
        snprintf(received + length, sizeof(received) - length, "%s%.3s", length > 0 ? " " : "",
                 at + 9);
        at += 9;
    }
    char byte;
    n = recv(peer, &byte, 1, 0);
    if (n == 0)
        snprintf(received + strlen(received), sizeof(received) - strlen(received), ".");
    else
        assert_true(n < 0 && errno == EAGAIN);
    assert_string_equal(received, statuses);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: here\r\n\r\n"

static void test_one_request(void **unused)
{
    connect_with(GET("/desk"));
    expect_answers("302");
    send_text(GET("/desk"));
    expect_answers("302");
}

static void test_a_head_in_parts(void **unused)
{
    connect_with("GET /desk HT");
    expect_answers("");
    send_text("TP/1.1\r\nHost: h");
    expect_answers("");
    send_text("ere\r\n\r\n");
    expect_answers("302");
}

static void test_requests_at_once_are_answered_in_order(void **unused)
{
    connect_with(GET("/desk") GET("/nothing") GET("/desk"));
    turn();
    expect_answers("302 404 302");
}

static void test_more_requests_than_a_turn_takes(void **unused)
{
    char text[4096] = "";
    for (int i = 0; i < 40; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", GET("/desk"));
    connect_with(text);
    for (int i = 0; i < 40; i++)
        turn();
    char all[16384], *at = all;
    ssize_t n = recv(peer, all, sizeof(all) - 1, 0);
    assert_true(n > 0);
    all[n] = '\0';
    int count = 0;
    for (; (at = strstr(at, "HTTP/1.1 302")); at++)
        count++;
    assert_int_equal(count, 40);
}

static void test_a_request_that_is_refused_leaves_the_connection(void **unused)
{
    connect_with(GET("/nothing"));
    expect_answers("404");
    send_text("PUT /desk HTTP/1.1\r\nHost: here\r\n\r\n");
    expect_answers("405");
    send_text(GET("/desk"));
    expect_answers("302");
}

static void test_the_last_request_ends_the_connection(void **unused)
{
    connect_with("GET /desk HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n" GET("/desk"));
    expect_answers("302.");
}

static void test_an_upgrade_that_is_refused_ends_the_connection(void **unused)
{
    connect_with("GET /other HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n");
    expect_answers("400.");
}

static void test_a_malformed_request_ends_the_connection(void **unused)
{
    connect_with("GET  /desk\r\n\r\n");
    expect_answers("400.");
}

static void test_over_a_limit_the_request_is_not_read(void **unused)
{
    connect_with(GET("/desk"));
    expect_answers("302");
    int first = peer;
    connect_with(GET("/desk"));
    expect_answers("503.");
    close(first);
}

static void test_a_client_that_leaves_between_requests(void **unused)
{
    connect_with(GET("/desk"));
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    turn();
    assert_true(list_empty(&env.sessions));
    assert_int_equal(metrics_read(&env.metrics.ended[REASON_answered]), 1);
}

static void test_a_client_that_leaves_within_a_head(void **unused)
{
    connect_with("GET /de");
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    turn();
    assert_true(list_empty(&env.sessions));
    assert_int_equal(metrics_read(&env.metrics.ended[REASON_handshake_eof]), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_one_request),
        TEST(test_a_head_in_parts),
        TEST(test_requests_at_once_are_answered_in_order),
        TEST(test_more_requests_than_a_turn_takes),
        TEST(test_a_request_that_is_refused_leaves_the_connection),
        TEST(test_the_last_request_ends_the_connection),
        TEST(test_an_upgrade_that_is_refused_ends_the_connection),
        TEST(test_a_malformed_request_ends_the_connection),
        TEST(test_over_a_limit_the_request_is_not_read),
        TEST(test_a_client_that_leaves_between_requests),
        TEST(test_a_client_that_leaves_within_a_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
