/* Dials whose deadline passes while the loop is not running, as after SIGSTOP and SIGCONT. */
#include "net/connect/dial.h"

#include "lib/failing_alloc.h"

#include "lib/dial_lab.h"
#include "lib/loopback.h"

static struct loopback target;

static int open_target(void **unused)
{
    target = loopback_open();
    return set_up(unused);
}

static int close_target(void **unused)
{
    loopback_close(&target);
    return tear_down(unused);
}

/* The deadline is long over when the loop runs. */
static void expect_late(const char *host, enum reason reason)
{
    struct config_address address = tcp_target(host, target.port);
    struct call call;
    if (start(&address, 20, &call)) {
        usleep(50000);
        uv_run(&loop, UV_RUN_DEFAULT);
    }
    assert_int_equal(call.calls, 1);
    assert_string_equal(reason_row(call.result.reason)->name, reason_row(reason)->name);
    hang_up(&call.result);
}

static void test_a_connection_that_had_come(void **unused)
{
    loopback_listen(&target);
    expect_late("127.0.0.1", REASON_none);
}

static void test_a_refusal_that_had_come(void **unused)
{
    expect_late("127.0.0.1", REASON_target_refused);
}

/* The resolver's thread has its answer, and the loop has not heard it. */
static void test_a_look_up_that_had_ended(void **unused)
{
    loopback_listen(&target);
    expect_late("localhost", REASON_none);
}

static void test_nobody_has_answered(void **unused)
{
    loopback_fill_backlog(&target);
    expect_late("127.0.0.1", REASON_target_timeout);
}

int main(void)
{
#define LATE_TEST(name) cmocka_unit_test_setup_teardown(name, open_target, close_target)
    const struct CMUnitTest tests[] = {
        LATE_TEST(test_a_connection_that_had_come),
        LATE_TEST(test_a_refusal_that_had_come),
        LATE_TEST(test_a_look_up_that_had_ended),
        LATE_TEST(test_nobody_has_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
