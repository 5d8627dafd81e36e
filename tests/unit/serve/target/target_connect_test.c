/* Connects to the targets of a route, over real sockets of this machine. */
#include "serve/target/target_connect.h"

#include "lib/failing_alloc.h"
#include "lib/target_connect_lab.h"

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

/* ---- another address to connect to ---- */

static struct config_address seen;

/* The host of a request; the name that the address has stays the target's. */
static enum reason name_it(void *owner, const struct config_target *target,
                           struct target_connect_candidate *candidate)
{
    seen = candidate->address;
    candidate->address.host = "desk.invalid";
    candidate->origin.requested = true;
    return REASON_none;
}

static void test_connect_to(void **unused)
{
    struct call call;
    loopback_listen(&targets[2]);
    config_targets[0].connect_to = config_targets[2].address;
    config_targets[0].address = (struct config_address){.host = "gate.invalid", .port = 443};
    route.target_count = 1;
    make_pool();
    assert_non_null(start(&call, name_it));
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_string_equal(reason_row(call.result.dial.reason)->name, "none");
    assert_string_equal(seen.host, "gate.invalid");
    assert_true(loopback_got_connection(&targets[2]));
    hang_up(&call.result);
    loopback_close(&targets[2]);
    targets[2] = loopback_open();
}

static void test_the_family_of_a_target(void **unused)
{
    loopback_listen(&targets[0]);
    route.target_count = 1;
    config_targets[0].family = CONFIG_FAMILY_IPV6;
    make_pool();
    expect_failure(REASON_target_unresolved);
    config_targets[0].family = CONFIG_FAMILY_IPV4;
    make_pool();
    expect_connected(0);
}

/* ---- targets that are starting ---- */

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
        TEST(test_connect_to),
        TEST(test_the_family_of_a_target),
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
