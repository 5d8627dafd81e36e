/* Connects to the targets of a route, over real sockets of this machine. */
#include "serve/target/target_connect.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/route/balance.h"
#include "lib/failing_alloc.h"
#include "lib/loopback.h"
#include "lib/work_lab.h"
#include "net/connect/resolve.h"
#include "net/tls/tls_scratch.h"
#include "net/watch.h"
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
static atomic_bool command_ended;

static void make_pool(void)
{
    char error[256];
    target_pool_free(pool);
    pool = target_pool_create(&config, NULL, NULL, error, sizeof(error));
    assert_non_null(pool);
}

/* All refuse until a test listens on them. */
static int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    uv_unref((uv_handle_t *)&watches.poll);
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

static int tear_down(void **unused)
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

static struct target_connect *start(struct call *call, prepare_fn *prepare)
{
    struct target_connect_request request = {
        .watches = &watches,
        .resolver = resolver,
        .scratch = &scratch,
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

static struct target_connect_result target_connect_it(prepare_fn *prepare)
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

static void expect_connected(size_t index)
{
    struct target_connect_result result = target_connect_it(NULL);
    assert_string_equal(reason_row(result.dial.reason)->name, "none");
    assert_ptr_equal(result.target, target_pool_target(pool, &route, index));
    assert_int_equal(target_pool_target_sessions(result.target), 1);
    assert_true(loopback_got_connection(&targets[index]));
    hang_up(&result);
}

static void expect_failure(enum reason reason)
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

/* ---- candidates in turn ---- */

static void test_the_first_answers(void **unused)
{
    loopback_listen(&targets[0]);
    loopback_listen(&targets[1]);
    expect_connected(0);
    assert_false(loopback_got_connection(&targets[1]));
}

static void test_the_next_when_one_fails(void **unused)
{
    loopback_listen(&targets[2]);
    for (uint32_t i = 0; i < route.fail_after; i++) {
        assert_false(is_down(0));
        expect_connected(2);
    }
    assert_true(is_down(0));
    assert_true(is_down(1));
    assert_false(is_down(2));
}

static void test_all_refuse(void **unused)
{
    for (uint32_t i = 0; i < route.fail_after; i++)
        expect_failure(REASON_target_refused);
    assert_true(is_down(0) && is_down(1) && is_down(2));
    /* All are marked down: they are tried, and are up again. */
    loopback_listen(&targets[1]);
    expect_connected(1);
    assert_false(is_down(1));
}

static void test_a_black_hole_leaves_time(void **unused)
{
    route.connect_timeout_ms = 400;
    loopback_fill_backlog(&targets[0]);
    loopback_listen(&targets[1]);
    uint64_t began = milliseconds();
    expect_connected(1);
    assert_in_range(milliseconds() - began, 190, 390);
}

static void test_only_black_holes(void **unused)
{
    route.connect_timeout_ms = 300;
    route.connect_retry_ms =
        5000; /* a connect that times out is not retried: the target is not just starting */
    for (size_t i = 0; i < TARGETS; i++)
        loopback_fill_backlog(&targets[i]);
    uint64_t began = milliseconds();
    expect_failure(REASON_target_timeout);
    assert_in_range(milliseconds() - began, 280, 600);
}

static void test_one_trial(void **unused)
{
    route.retry_down_ms = 50;
    loopback_listen(&targets[1]);
    for (uint32_t i = 0; i < route.fail_after; i++)
        expect_connected(1);
    assert_true(is_down(0));
    uv_sleep(60);
    assert_false(is_down(0));
    expect_connected(1); /* the trial fails; the session goes to the next */
    assert_true(is_down(0));
    loopback_listen(&targets[0]);
    uv_sleep(110);
    expect_connected(0);
    assert_false(is_down(0));
}

/* ---- targets that are starting ---- */

static void wake_cb(uv_timer_t *timer)
{
    loopback_listen(timer->data);
    uv_close((uv_handle_t *)timer, NULL);
}

static void test_a_target_that_starts_later(void **unused)
{
    uv_timer_t timer;
    uv_timer_init(&loop, &timer);
    timer.data = &targets[1];
    route.connect_retry_ms = 3000;
    uint64_t began = milliseconds();
    uv_update_time(&loop);
    uv_timer_start(&timer, wake_cb, 250, 0);
    expect_connected(1); /* tries at 0, 100, 300 ms */
    assert_in_range(milliseconds() - began, 290, 590);
}

static void test_the_window_passes(void **unused)
{
    route.connect_retry_ms = 250;
    uint64_t began = milliseconds();
    expect_failure(REASON_target_refused);
    assert_in_range(milliseconds() - began, 245, 500);
}

static void test_the_port_of_a_command_that_has_ended(void **unused)
{
    route.target_count = 1;
    config_targets[0].is_command = true;
    make_pool();
    route.connect_retry_ms = 150;
    uint64_t began = milliseconds();
    expect_failure(REASON_target_refused);
    assert_true(milliseconds() - began >= 145);
    atomic_store(&command_ended, true);
    route.connect_retry_ms = 60000;
    began = milliseconds();
    expect_failure(REASON_target_refused);
    assert_true(milliseconds() - began < 30000);
    atomic_store(&command_ended, false);
}

static void test_a_name_that_does_not_resolve_yet(void **unused)
{
    route.target_count = 1;
    config_targets[0].address.host = "nowhere.invalid";
    make_pool();
    route.connect_retry_ms = 150;
    uint64_t began = milliseconds();
    expect_failure(REASON_target_unresolved);
    assert_true(milliseconds() - began >= 145);
}

/* ---- prepare ---- */

static enum reason fill_in(void *owner, const struct config_target *target,
                           struct target_connect_candidate *candidate)
{
    assert_non_null(owner);
    assert_string_equal(target->address.host, "{number}");
    snprintf(candidate->host, sizeof(candidate->host), "127.0.0.1");
    candidate->address.host = candidate->host;
    candidate->preface_length =
        (size_t)snprintf((char *)candidate->preface, sizeof(candidate->preface), "PROXY...");
    return REASON_none;
}

static enum reason refuse(void *owner, const struct config_target *target,
                          struct target_connect_candidate *candidate)
{
    return REASON_http_no_route;
}

static struct config_capture capture = {"number", "[0-9.]+"};

static void make_varying(void)
{
    config_targets[0].address.host = "{number}";
    route.target_count = 1;
    route.captures = &capture;
    route.capture_count = 1;
    make_pool();
}

static void test_prepared(void **unused)
{
    char text[16] = {0};
    make_varying();
    loopback_listen(&targets[0]);
    struct target_connect_result result = target_connect_it(fill_in);
    assert_int_equal(result.dial.reason, REASON_none);
    int fd = loopback_accept(&targets[0]);
    assert_int_equal(recv(fd, text, sizeof(text), 0), 8);
    assert_string_equal(text, "PROXY...");
    close(fd);
    hang_up(&result);
}

static void test_a_request_that_fits_no_target(void **unused)
{
    route.fail_after = 1;
    struct target_connect_result result = target_connect_it(refuse);
    assert_int_equal(result.dial.reason, REASON_http_no_route);
    assert_non_null(strstr(result.dial.detail, "no valid address for this request"));
    assert_false(is_down(0));
}

/* ---- cancelling and failing ---- */

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

static void test_cancelled(void **unused)
{
    route.connect_retry_ms = 5000;
    cancel_after(0);
    for (int turns = 1; turns < 6; turns++)
        cancel_after(turns); /* during each of the three, and in the pause */
    loopback_fill_backlog(&targets[0]);
    cancel_after(3);
    target_connect_cancel(NULL);
}

static void test_a_cancelled_trial_is_free_again(void **unused)
{
    route.retry_down_ms = 30;
    route.fail_after = 1;
    loopback_listen(&targets[1]);
    expect_connected(1);
    assert_true(is_down(0));
    loopback_fill_backlog(&targets[0]);
    uv_sleep(40);
    cancel_after(1);
    uv_update_time(&loop);
    assert_int_equal(target_pool_target_state(target_pool_target(pool, &route, 0), uv_now(&loop)),
                     BALANCE_DUE);
}

static void test_each_allocation_fails(void **unused)
{
    loopback_listen(&targets[1]);
    route.fail_after = 1;
    for (unsigned n = 1;; n++) {
        failing_alloc_arm(n);
        struct target_connect_result result = target_connect_it(NULL);
        bool failed = failing_alloc_disarm();
        hang_up(&result);
        if (!failed) {
            assert_int_equal(result.dial.reason, REASON_none);
            break;
        }
        assert_true(n < 20);
    }
    assert_false(is_down(1));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_answers),
        TEST(test_the_next_when_one_fails),
        TEST(test_all_refuse),
        TEST(test_a_black_hole_leaves_time),
        TEST(test_only_black_holes),
        TEST(test_one_trial),
        TEST(test_a_target_that_starts_later),
        TEST(test_the_window_passes),
        TEST(test_the_port_of_a_command_that_has_ended),
        TEST(test_a_name_that_does_not_resolve_yet),
        TEST(test_prepared),
        TEST(test_a_request_that_fits_no_target),
        TEST(test_cancelled),
        TEST(test_a_cancelled_trial_is_free_again),
        TEST(test_each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
