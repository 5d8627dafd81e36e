/* Probes over real sockets, against targets that send a script of pieces. */
#include "serve/target/prober.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "config/model/config.h"
#include "core/route/balance.h"
#include "lib/failing_alloc.h"
#include "lib/log_lab.h"
#include "lib/loopback.h"
#include "lib/work_lab.h"
#include "net/connect/resolve.h"
#include "net/tls/tls_scratch.h"
#include "net/watch.h"
#include "serve/target/pool.h"
#include "serve/target/probe.h"

/* Accepts on the loop of the test; sends its pieces, one every few milliseconds; then waits. */
struct server {
    struct loopback socket;
    uv_timer_t timer;
    const char *pieces[4];
    bool hangs_up;
    int fd; /* -1: no connection */
    size_t said;
    unsigned accepted;
    char heard[64];
    size_t heard_length;
};

static uv_loop_t loop;
static struct watch_set watches;
static struct work_lab lab;
static struct resolver *resolver;
static struct tls_scratch *scratch;
static struct server server;
static struct config_target target;
static struct config_route route;
static struct config config = {.routes = &route, .route_count = 1};

static void leave(void)
{
    if (server.fd >= 0)
        close(server.fd);
    server.fd = -1;
}

static void speak_cb(uv_timer_t *timer)
{
    if (server.fd < 0) {
        server.fd = loopback_accept(&server.socket);
        server.said = 0;
        server.accepted += server.fd >= 0;
        return;
    }
    ssize_t got = recv(server.fd, server.heard + server.heard_length,
                       sizeof(server.heard) - server.heard_length, MSG_DONTWAIT);
    if (got > 0)
        server.heard_length += (size_t)got;
    const char *piece = server.said < 4 ? server.pieces[server.said] : NULL;
    if (piece)
        (void)!send(server.fd, piece, strlen(piece), MSG_NOSIGNAL);
    if (got == 0 || (!piece && server.hangs_up))
        leave();
    else
        server.said += piece != NULL;
}

static int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    uv_unref((uv_handle_t *)&watches.poll);
    work_lab_open(&lab, &loop);
    resolver = resolve_create(&lab.lane, lab.lookups);
    server = (struct server){.socket = loopback_open(), .fd = -1};
    uv_timer_init(&loop, &server.timer);
    uv_timer_start(&server.timer, speak_cb, 0, 5);
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

static int tear_down(void **unused)
{
    uv_run(&loop, UV_RUN_DEFAULT);
    leave();
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

/* ---- one probe ---- */

struct call {
    unsigned calls;
    struct probe_result result;
};

static void called_cb(void *owner, const struct probe_result *result)
{
    struct call *call = owner;
    call->calls++;
    call->result = *result;
}

static struct probe *start(struct call *call, const char *banner)
{
    struct probe_request request = {
        .watches = &watches,
        .resolver = resolver,
        .scratch = &scratch,
        .target = &target,
        .banner = banner,
        .timeout_ms = 300,
        .callback = called_cb,
        .owner = call,
    };
    *call = (struct call){0};
    uv_update_time(&loop);
    return probe_start(&request);
}

static void expect(const char *banner, enum reason reason, const char *detail)
{
    struct call call;
    assert_non_null(start(&call, banner));
    assert_int_equal(call.calls, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(call.calls, 1);
    assert_string_equal(reason_row(call.result.reason)->name, reason_row(reason)->name);
    if (!strstr(call.result.detail, detail))
        fail_msg("expected \"%s\" in: %s", detail, call.result.detail);
}

static void says(const char *first, const char *second, const char *third)
{
    server.pieces[0] = first;
    server.pieces[1] = second;
    server.pieces[2] = third;
    loopback_wake(&server.socket);
}

static void test_connect(void **unused)
{
    expect(NULL, REASON_target_refused, "refused");
    loopback_wake(&server.socket);
    expect(NULL, REASON_none, "");
}

static void test_banner(void **unused)
{
    says("RFB 003.008\n", NULL, NULL);
    expect("RFB 003.", REASON_none, "");
    expect("RFB 003.008\n", REASON_none, "");
    expect("SSH-2.0", REASON_target_io, "sent \"RFB 003.008.\" instead of \"SSH-2.0\"");
}

static void test_banner_in_pieces(void **unused)
{
    says("R", "FB 0", "03.008\n");
    expect("RFB 003.", REASON_none, "");
    says("R", "FX", NULL);
    expect("RFB 003.", REASON_target_io, "sent \"FX\" instead of \"FB 003.\"");
}

static void test_banner_that_does_not_come(void **unused)
{
    loopback_wake(&server.socket);
    expect("RFB 003.", REASON_target_timeout, "no complete banner in time");
    says("RFB", NULL, NULL);
    expect("RFB 003.", REASON_target_timeout, "in time");
    server.hangs_up = true;
    expect("RFB 003.", REASON_target_closed, "closed the connection before");
}

static void test_header_of_one_who_only_looks(void **unused)
{
    static const enum config_target_proxy versions[] = {CONFIG_TARGET_PROXY_V1,
                                                        CONFIG_TARGET_PROXY_V2};
    static const char *const headers[] = {"PROXY UNKNOWN\r\n", "\r\n\r\n"};
    static const size_t lengths[] = {15, 16};
    says("RFB 003.", NULL, NULL);
    for (size_t i = 0; i < 2; i++) {
        server.heard_length = 0;
        target.proxy_protocol = versions[i];
        expect("RFB 003.", REASON_none, "");
        assert_int_equal(server.heard_length, lengths[i]);
        assert_memory_equal(server.heard, headers[i], strlen(headers[i]));
    }
}

static void test_unix_socket(void **unused)
{
    char path[64];
    snprintf(path, sizeof(path), "@probe_test_%d", (int)getpid());
    target.address = (struct config_address){.kind = CONFIG_ADDRESS_UNIX, .path = path};
    expect(NULL, REASON_target_refused, path);
    struct sockaddr_un address;
    socklen_t length;
    assert_true(addr_unix(&address, &length, path));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 1), 0);
    expect(NULL, REASON_none, ""); /* connects at once; the callback still comes later */
    close(fd);
}

static void test_cancelled(void **unused)
{
    loopback_wake(&server.socket);
    for (int turns = 0; turns < 4; turns++) {
        struct call call;
        struct probe *probe = start(&call, "RFB");
        for (int i = 0; i < turns; i++)
            uv_run(&loop, UV_RUN_NOWAIT);
        probe_cancel(probe);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(call.calls, 0);
    }
    probe_cancel(NULL);
}

static void test_each_allocation_fails(void **unused)
{
    says("RFB 003.", NULL, NULL);
    for (unsigned n = 1;; n++) {
        struct call call;
        failing_alloc_arm(n);
        struct probe *probe = start(&call, "RFB 003.");
        uv_run(&loop, UV_RUN_DEFAULT);
        bool failed = failing_alloc_disarm();
        assert_int_equal(call.calls, probe != NULL);
        if (!failed) {
            assert_int_equal(call.result.reason, REASON_none);
            break;
        }
        assert_true(!probe || call.result.reason == REASON_out_of_memory);
    }
}

/* ---- periodic probes ---- */

static struct pool *pool;
static struct prober *prober;

static struct pool_target *only(void)
{
    return pool_target(pool, &route, 0);
}

static bool is_down(void)
{
    return pool_target_state(only(), uv_now(&loop)) == BALANCE_DOWN;
}

static void begin(void)
{
    char error[256];
    pool = pool_create(&config, NULL, NULL, error, sizeof(error));
    assert_non_null(pool);
    log_lab_open(REASON_ERROR);
    prober = prober_create(&watches, resolver, pool);
    assert_non_null(prober);
}

static void end(void)
{
    prober_close(prober);
    uv_run(&loop, UV_RUN_DEFAULT);
    pool_free(pool);
}

static void run_for(uint64_t milliseconds)
{
    uint64_t until = uv_hrtime() + milliseconds * 1000000;
    uv_update_time(&loop);
    while (uv_hrtime() < until) {
        uv_run(&loop, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
}

static void test_verdicts(void **unused)
{
    begin(); /* refused from the start: the first verdict counts at once */
    run_for(30);
    assert_true(is_down());
    says("RFB 003.008\n", NULL, NULL);
    run_for(100);
    assert_false(is_down());
    assert_int_equal(pool_target_probe(only()), BALANCE_PROBED_UP);

    server.pieces[0] = "HTTP/1.1 400\r\n"; /* another server has the port now */
    unsigned before = server.accepted;
    while (server.accepted < before + 2)
        run_for(5);
    assert_false(is_down());
    run_for(150);
    assert_true(is_down());
    server.pieces[0] = "RFB 003.";
    run_for(100);
    assert_false(is_down());
    end();
}

static void test_off_means_off(void **unused)
{
    target.probe = CONFIG_PROBE_OFF;
    loopback_wake(&server.socket);
    begin();
    run_for(100);
    assert_int_equal(server.accepted, 0);
    end();
    prober_close(NULL);
}

static void test_a_varying_target_is_not_probed(void **unused)
{
    static struct config_capture capture = {"name", "[a-z]+"};
    target.address.host = "{name}";
    route.captures = &capture;
    route.capture_count = 1;
    begin();
    run_for(50);
    assert_int_equal(pool_target_probe(only()), BALANCE_UNPROBED);
    end();
}

/* While a probe takes longer than the interval, no other one begins. */
static void test_one_at_a_time(void **unused)
{
    target.probe_interval_ms = 10;
    target.probe_timeout_ms = 150;
    loopback_wake(&server.socket);
    begin();
    run_for(120);
    assert_int_equal(server.accepted, 1);
    end();
}

static void test_a_reload_keeps_the_verdict(void **unused)
{
    char error[256];
    begin();
    run_for(30);
    assert_true(is_down());
    struct pool *next = pool_create(&config, pool, NULL, error, sizeof(error));
    assert_non_null(next);
    end();
    pool = next;
    assert_true(is_down());
    loopback_wake(&server.socket);
    target.probe = CONFIG_PROBE_CONNECT;
    prober = prober_create(&watches, resolver, pool);
    run_for(60);
    assert_false(is_down());
    end();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_connect),
        TEST(test_banner),
        TEST(test_banner_in_pieces),
        TEST(test_banner_that_does_not_come),
        TEST(test_header_of_one_who_only_looks),
        TEST(test_unix_socket),
        TEST(test_cancelled),
        TEST(test_each_allocation_fails),
        TEST(test_verdicts),
        TEST(test_off_means_off),
        TEST(test_a_varying_target_is_not_probed),
        TEST(test_one_at_a_time),
        TEST(test_a_reload_keeps_the_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
