/* Dials whose deadline passes while the loop is not running, as after SIGSTOP and SIGCONT. */
#include "net/connect/dial.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/loopback.h"
#include "lib/work_lab.h"

struct call {
    unsigned calls;
    struct dial_result result;
};

static uv_loop_t loop;
static struct watch_set watches;
static struct work_lab lab;
static struct resolver *resolver;
static struct loopback target;

static int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    uv_unref((uv_handle_t *)&watches.poll);
    work_lab_open(&lab, &loop);
    resolver = resolve_create(&lab.lane, lab.lookups);
    assert_non_null(resolver);
    target = loopback_open();
    return 0;
}

static int tear_down(void **unused)
{
    resolve_close(resolver);
    work_lab_close(&lab);
    watch_set_close(&watches);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    work_lab_free(&lab);
    loopback_close(&target);
    return 0;
}

static void ready_cb(void *owner, unsigned ready)
{
}

static void called_cb(void *owner, const struct dial_result *result)
{
    struct call *call = owner;
    call->calls++;
    call->result = *result;
    if (result->watch)
        watch_adopt(result->watch, ready_cb, NULL);
}

/* The deadline is long over when the loop runs. */
static void expect_late(const char *host, enum reason reason)
{
    struct config_address address = {.kind = CONFIG_ADDRESS_TCP, .host = host, .port = target.port};
    struct call call = {0};
    struct dial_request request = {
        .watches = &watches,
        .names = resolver,
        .address = &address,
        .timeout_ms = 20,
        .callback = called_cb,
        .owner = &call,
    };
    uv_update_time(&loop);
    if (dial_start(&request, &call.result)) {
        usleep(50000);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(call.calls, 1);
    }
    assert_string_equal(reason_row(call.result.reason)->name, reason_row(reason)->name);
    watch_close(call.result.watch);
    if (call.result.fd >= 0)
        close(call.result.fd);
}

static void test_a_connection_that_had_come(void **unused)
{
    loopback_wake(&target);
    expect_late("127.0.0.1", REASON_none);
}

static void test_a_refusal_that_had_come(void **unused)
{
    expect_late("127.0.0.1", REASON_target_refused);
}

/* The resolver's thread has its answer, and the loop has not heard it. */
static void test_a_look_up_that_had_ended(void **unused)
{
    loopback_wake(&target);
    expect_late("localhost", REASON_none);
}

static void test_nobody_has_answered(void **unused)
{
    loopback_swallow(&target);
    expect_late("127.0.0.1", REASON_target_timeout);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_connection_that_had_come),
        TEST(test_a_refusal_that_had_come),
        TEST(test_a_look_up_that_had_ended),
        TEST(test_nobody_has_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
