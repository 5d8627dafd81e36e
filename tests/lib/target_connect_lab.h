/*
 * A route with three targets on real sockets of this machine, for the tests of connecting to them.
 *
 * Owns: loop, sockets and pool between set_up and tear_down. Thread: one. Errors: the test fails.
 * Lifetime: one test.
 */
#ifndef WSLUICE_TESTS_LIB_TARGET_CONNECT_LAB_H
#define WSLUICE_TESTS_LIB_TARGET_CONNECT_LAB_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/bridge/bridge.h"
#include "core/route/balance.h"
#include "lib/loopback.h"
#include "lib/work_lab.h"
#include "net/connect/resolve.h"
#include "net/tls/tls_scratch.h"
#include "net/watch.h"
#include "serve/target/target_connect.h"
#include "serve/target/target_pool.h"

#define TARGETS 3

struct call {
    unsigned calls;
    struct target_connect_result result;
};

static uv_loop_t loop;
static struct watch_set watches;
static struct work_lab lab;
static struct resolver *resolver;
static struct tls_scratch *scratch;
static struct loopback targets[TARGETS];
static struct config_target config_targets[TARGETS];
static struct config_route route;
static struct config config = {.routes = &route, .route_count = 1};
static struct target_pool *pool;
static struct bridge_scratch buffer;
static atomic_bool command_ended;

static void make_pool(void)
{
    char error[256];
    target_pool_free(pool);
    pool = target_pool_create(&config, NULL, NULL, error, sizeof(error));
    assert_non_null(pool);
}

/* All refuse until a test listens on them. */
static inline int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    watch_set_unref(&watches);
    work_lab_open(&lab, &loop);
    resolver = resolve_create(&lab.lane, lab.lookups);
    assert_non_null(resolver);
    for (size_t i = 0; i < TARGETS; i++) {
        targets[i] = loopback_open();
        config_targets[i] = (struct config_target){
            .address = {.kind = CONFIG_ADDRESS_TCP, .host = "127.0.0.1", .port = targets[i].port}};
    }
    route = (struct config_route){
        .targets = config_targets,
        .target_count = TARGETS,
        .balance = CONFIG_BALANCE_FIRST,
        .fail_after = 3,
        .retry_down_ms = 1000,
        .connect_timeout_ms = 2000,
    };
    make_pool();
    return 0;
}

static inline int tear_down(void **unused)
{
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < TARGETS; i++) {
        if (i < route.target_count)
            assert_int_equal(target_pool_target_sessions(target_pool_target(pool, &route, i)), 0);
        loopback_close(&targets[i]);
    }
    target_pool_free(pool);
    pool = NULL;
    tls_scratch_free(scratch);
    scratch = NULL;
    resolve_close(resolver);
    work_lab_close(&lab);
    watch_set_close(&watches);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    work_lab_free(&lab);
    return 0;
}

static void called_cb(void *owner, const struct target_connect_result *result)
{
    struct call *call = owner;
    call->calls++;
    call->result = *result;
}

typedef enum reason prepare_fn(void *owner, const struct config_target *target,
                               struct target_connect_candidate *candidate);

static inline struct target_connect *start(struct call *call, prepare_fn *prepare)
{
    struct target_connect_request request = {
        .watches = &watches,
        .resolver = resolver,
        .scratch = &scratch,
        .buffer = &buffer,
        .pool = pool,
        .route = &route,
        .command_ended = &command_ended,
        .prepare = prepare,
        .callback = called_cb,
        .owner = call,
    };
    *call = (struct call){0};
    uv_update_time(&loop);
    struct target_connect *attempt = target_connect_start(&request, &call->result);
    assert_int_equal(call->calls, 0);
    if (!attempt)
        call->calls = 1;
    return attempt;
}

static inline struct target_connect_result target_connect_it(prepare_fn *prepare)
{
    struct call call;
    if (start(&call, prepare))
        uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(call.calls, 1);
    return call.result;
}

static void hang_up(const struct target_connect_result *result)
{
    watch_close(result->dial.watch);
    if (result->dial.fd >= 0)
        close(result->dial.fd);
    if (result->dial.reason == REASON_none)
        target_pool_end(result->target);
}

static inline void expect_connected(size_t index)
{
    struct target_connect_result result = target_connect_it(NULL);
    assert_string_equal(reason_row(result.dial.reason)->name, "none");
    assert_ptr_equal(result.target, target_pool_target(pool, &route, index));
    assert_int_equal(target_pool_target_sessions(result.target), 1);
    assert_true(loopback_got_connection(&targets[index]));
    hang_up(&result);
}

static inline void expect_failure(enum reason reason)
{
    struct target_connect_result result = target_connect_it(NULL);
    assert_string_equal(reason_row(result.dial.reason)->name, reason_row(reason)->name);
    assert_int_equal(result.dial.fd, -1);
    assert_true(strlen(result.dial.detail) > 0);
}

static uint64_t milliseconds(void)
{
    return uv_hrtime() / 1000000;
}

static bool is_down(size_t index)
{
    uv_update_time(&loop);
    return target_pool_target_state(target_pool_target(pool, &route, index), uv_now(&loop)) ==
           BALANCE_DOWN;
}

static void wake_cb(uv_timer_t *timer)
{
    loopback_listen(timer->data);
    uv_close((uv_handle_t *)timer, NULL);
}

static void cancel_after(int turns)
{
    struct call call;
    struct target_connect *attempt = start(&call, NULL);
    assert_non_null(attempt);
    for (int i = 0; i < turns && call.calls == 0; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(call.calls, 0);
    target_connect_cancel(attempt);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(call.calls, 0);
}

#endif
