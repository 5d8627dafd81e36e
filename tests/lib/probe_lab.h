/*
 * A target on a real socket that sends a script of pieces, and a configuration of one route to it;
 * for the tests of probes.
 *
 * Owns: loop, sockets between set_up and tear_down. Thread: one. Errors: the test fails. Lifetime:
 * one test.
 */
#ifndef WSLUICE_TESTS_LIB_PROBE_LAB_H
#define WSLUICE_TESTS_LIB_PROBE_LAB_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "config/model/config.h"
#include "core/route/balance.h"
#include "lib/loopback.h"
#include "lib/work_lab.h"
#include "net/connect/resolve.h"
#include "net/tls/tls.h"
#include "net/watch.h"
#include "serve/target/target_pool.h"

/* Accepts on the loop of the test, sends a piece every 5 ms, then waits. */
struct server {
    struct loopback socket;
    uv_timer_t timer;
    const char *pieces[4];
    bool closes; /* after its pieces */
    int fd;      /* -1: no connection */
    size_t sent;
    unsigned accepted;
    char received[256];
    size_t received_length;
};

static uv_loop_t loop;
static struct watch_set watches;
static struct work_lab lab;
static struct resolver *resolver;
static struct tls_scratch *scratch;
static struct server server;
static struct config_target target;
static struct config_route route;

static void disconnect(void)
{
    if (server.fd >= 0)
        close(server.fd);
    server.fd = -1;
}

static void serve_cb(uv_timer_t *timer)
{
    if (server.fd < 0) {
        server.fd = loopback_accept(&server.socket);
        server.sent = 0;
        server.accepted += server.fd >= 0;
        return;
    }
    ssize_t got = recv(server.fd, server.received + server.received_length,
                       sizeof(server.received) - server.received_length, MSG_DONTWAIT);
    if (got > 0)
        server.received_length += (size_t)got;
    const char *piece = server.sent < 4 ? server.pieces[server.sent] : NULL;
    if (piece)
        (void)!send(server.fd, piece, strlen(piece), MSG_NOSIGNAL);
    if (got == 0 || (!piece && server.closes))
        disconnect();
    else
        server.sent += piece != NULL;
}

static inline int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    watch_set_unref(&watches);
    work_lab_open(&lab, &loop);
    resolver = resolve_create(&lab.lane, lab.lookups);
    server = (struct server){.socket = loopback_open(), .fd = -1};
    uv_timer_init(&loop, &server.timer);
    uv_timer_start(&server.timer, serve_cb, 0, 5);
    uv_unref((uv_handle_t *)&server.timer);
    target = (struct config_target){
        .address = {.kind = CONFIG_ADDRESS_TCP, .host = "127.0.0.1", .port = server.socket.port},
        .banner = "RFB 003.",
        .probe = CONFIG_PROBE_BANNER,
        .probe_interval_ms = 40,
        .probe_timeout_ms = 300,
    };
    route = (struct config_route){
        .targets = &target, .target_count = 1, .fail_after = 3, .retry_down_ms = 1000};
    return 0;
}

static inline int tear_down(void **unused)
{
    uv_run(&loop, UV_RUN_DEFAULT);
    disconnect();
    uv_close((uv_handle_t *)&server.timer, NULL);
    loopback_close(&server.socket);
    resolve_close(resolver);
    work_lab_close(&lab);
    tls_scratch_free(scratch);
    scratch = NULL;
    watch_set_close(&watches);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    work_lab_free(&lab);
    return 0;
}

static inline void server_sends(const char *first, const char *second, const char *third)
{
    server.pieces[0] = first;
    server.pieces[1] = second;
    server.pieces[2] = third;
    loopback_listen(&server.socket);
}

#endif
