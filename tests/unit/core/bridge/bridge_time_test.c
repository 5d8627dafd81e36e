/* The timers of a bridge: ping, idle timeout, longest session, and the deadlines at the end. */
#include "core/bridge/bridge_time.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/bridge_expect.h"

static int set_up(void **unused)
{
    lab_init(&lab, &scratch, 1 << 20);
    lab_attach(&lab);
    return 0;
}

static int tear_down(void **unused)
{
    lab_free(&lab);
    return 0;
}

static uint64_t tick_at(uint64_t now)
{
    lab.now = now;
    return lab_tick(&lab, lab.client.inside);
}

/* ---- while open: the session began at 1000 ---- */

static void test_no_tick_without_timeouts(void **unused)
{
    assert_int_equal(tick_at(1000), 0);
    assert_int_equal(tick_at(1000000000), 0);
    assert_false(bridge_is_ending(&lab.bridge));
}

static void test_ping_and_answer(void **unused)
{
    lab.times.ping_interval = 30000;
    lab.times.ping_timeout = 15000;
    assert_int_equal(tick_at(1000), 31000);
    assert_int_equal(tick_at(30999), 31000);
    assert_int_equal(lab.view.pings, 0);
    assert_int_equal(tick_at(31000), 46000);
    assert_int_equal(lab.view.pings, 1);
    assert_int_equal(tick_at(45999), 46000);
    lab_frame(&lab, 0x8A, NULL, 0);
    lab_run(&lab);
    assert_int_equal(tick_at(46000), 45999 + 30000);
    assert_int_equal(lab.view.pings, 1);
}

/* ---- metrics ---- */

static struct metrics metrics;

static void measure(void)
{
    memset(&metrics, 0, sizeof(metrics));
    lab.bridge.metrics = &metrics;
}

/* Number of observations, and the sum of their milliseconds. */
static void expect_observed(enum metrics_histogram histogram, uint64_t count, uint64_t sum)
{
    uint64_t seen = 0;
    for (size_t i = 0; i <= METRICS_BOUNDS; i++)
        seen += metrics_read(&metrics.histogram[histogram].count[i]);
    assert_int_equal(seen, count);
    assert_int_equal(metrics_read(&metrics.histogram[histogram].sum), sum);
}

static void test_round_trip(void **unused)
{
    measure();
    lab.times.ping_interval = 30000;
    lab.times.ping_timeout = 15000;
    lab_frame(&lab, 0x8A, NULL, 0); /* without a ping */
    lab_run(&lab);
    assert_int_equal(tick_at(31000), 46000);
    lab.now = 31010;
    lab_frame(&lab, 0x8A, "mine", 4); /* its own heartbeat */
    lab_binary(&lab, "data");
    lab_run(&lab);
    expect_observed(METRICS_HISTOGRAM_ping, 0, 0);
    lab.now = 31025;
    lab_frame(&lab, 0x8A, NULL, 0);
    lab_frame(&lab, 0x8A, NULL, 0);
    lab_run(&lab);
    expect_observed(METRICS_HISTOGRAM_ping, 1, 25);
}

static void test_no_round_trip_through_a_stall(void **unused)
{
    measure();
    lab.times.ping_interval = 30000;
    lab.times.ping_timeout = 15000;
    assert_int_equal(tick_at(31000), 46000);
    lab.target.room = 2;
    lab_binary(&lab, "1234");
    lab_frame(&lab, 0x8A, NULL, 0);
    lab_run(&lab);
    lab.now = 39000;
    lab.target.room = FAKE_NO_LIMIT;
    lab_frame(&lab, 0x8A, NULL, 0);
    lab_run(&lab);
    expect_observed(METRICS_HISTOGRAM_stall_up, 1, 8000);
    expect_observed(METRICS_HISTOGRAM_stall_down, 0, 0);
    expect_observed(METRICS_HISTOGRAM_ping, 1, 0); /* the one that was read before the stall */
}

/* From the write that blocks to the one that takes the last of those bytes. */
static void test_stall(void **unused)
{
    measure();
    lab.client.room = 4;
    fake_send(&lab.target, "0123456789", 10);
    lab_run(&lab);
    for (unsigned i = 1; i <= 4; i++) {
        lab.now += 100;
        lab.client.room = 1;
        lab_run(&lab);
        expect_observed(METRICS_HISTOGRAM_stall_down, 0, 0);
    }
    lab.now += 100;
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    expect_observed(METRICS_HISTOGRAM_stall_down, 1, 500);
    lab.now += 1000;
    fake_send(&lab.target, "x", 1);
    lab_run(&lab);
    expect_observed(METRICS_HISTOGRAM_stall_down, 1, 500);
    expect_observed(METRICS_HISTOGRAM_stall_up, 0, 0);
}

static void test_a_stall_until_the_end(void **unused)
{
    measure();
    lab.client.room = 4;
    fake_send(&lab.target, "0123456789", 10);
    lab_run(&lab);
    lab.now += 700;
    bridge_end(&lab.bridge, REASON_shutdown, lab.now);
    assert_true(lab_finish(&lab, 8));
    expect_reason(REASON_client_stalled);
    expect_observed(METRICS_HISTOGRAM_stall_down, 1, 700 + 5000);
}

static void test_a_stall_until_the_client_breaks(void **unused)
{
    measure();
    lab.client.room = 4;
    fake_send(&lab.target, "0123456789", 10);
    lab_run(&lab);
    lab.now += 300;
    lab_turn(&lab, BRIDGE_CLIENT_BROKEN);
    expect_reason(REASON_client_reset);
    expect_observed(METRICS_HISTOGRAM_stall_down, 1, 300);
}

static void test_ping_interval_below_the_timeout(void **unused)
{
    lab.times.ping_interval = 1000;
    lab.times.ping_timeout = 15000;
    assert_int_equal(tick_at(2000), 3000);
    lab.now = 2010;
    lab_frame(&lab, 0x8A, NULL, 0);
    lab_run(&lab);
    assert_int_equal(tick_at(3000), 3010);
    assert_int_equal(tick_at(3010), 4010);
    assert_int_equal(lab.view.pings, 2);
    for (uint64_t now = 4010; now < 17010; now += 1000)
        assert_int_equal(tick_at(now), now + 1000);
    assert_false(bridge_is_ending(&lab.bridge));
    assert_int_equal(lab.view.pings, 2);
    tick_at(18010);
    expect_reason(REASON_client_dead);
}

static void test_any_byte_answers_a_ping(void **unused)
{
    lab.times.ping_interval = 30000;
    lab.times.ping_timeout = 15000;
    assert_int_equal(tick_at(31000), 46000);
    fake_send(&lab.client, "\x82", 1);
    lab_run(&lab);
    assert_int_equal(tick_at(46000), 61000);
}

static void test_ping_timeout(void **unused)
{
    lab.times.ping_interval = 30000;
    lab.times.ping_timeout = 15000;
    assert_int_equal(tick_at(31000), 46000);
    assert_int_equal(tick_at(46000), 51000);
    expect_reason(REASON_client_dead);
    assert_int_equal(lab.view.close_code, 1011);
    assert_int_equal(tick_at(51000), 0);
    assert_true(bridge_is_done(&lab.bridge));
    expect_reason(REASON_client_dead);
}

/* A pong that waits in the slot is no ping: no answer is expected. */
static void test_no_ping_while_the_client_blocks(void **unused)
{
    lab.times.ping_interval = 30000;
    lab.times.ping_timeout = 15000;
    lab.client.room = 0;
    fake_send(&lab.target, "x", 1);
    lab_frame(&lab, 0x89, NULL, 0);
    lab_run(&lab);
    assert_int_equal(tick_at(40000), 70000);
    assert_int_equal(tick_at(70000), 100000);
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    assert_int_equal(lab.view.pongs, 1);
    assert_int_equal(lab.view.pings, 0);
    assert_int_equal(tick_at(85001), 100000);
    assert_int_equal(tick_at(100000), 115000);
    assert_int_equal(lab.view.pings, 1);
    assert_false(bridge_is_ending(&lab.bridge));
}

static void test_no_ping_timeout_while_the_client_is_not_read(void **unused)
{
    lab.times.ping_interval = 30000;
    lab.times.ping_timeout = 15000;
    assert_int_equal(tick_at(31000), 46000); /* a ping is out */
    lab.target.room = 0;
    lab_binary(&lab, "x");
    lab_run(&lab);
    assert_int_equal(tick_at(61000), 91000);
    assert_int_equal(tick_at(200000), 230000);
    assert_false(bridge_is_ending(&lab.bridge));
}

static void test_idle(void **unused)
{
    lab.times.idle_timeout = 60000;
    assert_int_equal(tick_at(1000), 61000);
    lab.now = 50000;
    lab_frame(&lab, 0x89, NULL, 0); /* pings are no data */
    lab_run(&lab);
    assert_int_equal(tick_at(60000), 61000);
    fake_send(&lab.target, "x", 1);
    lab_run(&lab);
    assert_int_equal(tick_at(61000), 120000);
    lab_binary(&lab, "x");
    lab_run(&lab);
    assert_int_equal(tick_at(120000), 121000);
    assert_int_equal(tick_at(121000), 126000);
    expect_reason(REASON_idle_timeout);
    assert_int_equal(lab.view.close_code, 1000);
}

static void test_no_input(void **unused)
{
    lab.times.input_timeout = 60000;
    assert_int_equal(tick_at(1000), 61000);
    lab.now = 50000;
    lab_frame(&lab, 0x89, NULL, 0); /* neither pings nor the target's bytes are input */
    fake_send(&lab.target, "x", 1);
    lab_run(&lab);
    assert_int_equal(tick_at(60000), 61000);
    lab_binary(&lab, "x");
    lab_run(&lab);
    assert_int_equal(tick_at(61000), 120000);
    fake_send(&lab.target, "y", 1);
    lab_run(&lab);
    assert_int_equal(tick_at(119999), 120000);
    assert_int_equal(tick_at(120000), 125000);
    expect_reason(REASON_input_timeout);
    assert_int_equal(lab.view.close_code, 1000);
}

/* The time begins when the target is connected, not with the 101 before that. */
static void test_input_is_awaited_from_the_target_on(void **unused)
{
    struct lab other;
    lab_init(&other, &scratch, 4096);
    other.times.input_timeout = 5000;
    other.now = 4000;
    lab_attach(&other);
    struct bridge_unsent unsent = {0};
    assert_int_equal(bridge_time_tick(&other.bridge, &unsent, &other.times, 5000), 9000);
    lab_free(&other);
}

static void test_longest_session(void **unused)
{
    lab.times.max_duration = 9000;
    assert_int_equal(tick_at(1000), 10000);
    lab.now = 9999;
    lab_binary(&lab, "x");
    lab_run(&lab);
    assert_int_equal(tick_at(9999), 10000);
    tick_at(10000);
    expect_reason(REASON_duration_limit);
}

static void test_earliest_deadline(void **unused)
{
    lab.times.ping_interval = 30000;
    lab.times.idle_timeout = 20000;
    lab.times.max_duration = 25000;
    assert_int_equal(tick_at(1000), 21000);
    lab.times.idle_timeout = 0;
    assert_int_equal(tick_at(1000), 26000);
    lab.times.max_duration = 0;
    assert_int_equal(tick_at(1000), 31000);
}

/* ---- the end ---- */

static void test_a_client_that_never_closes(void **unused)
{
    lab.target.in_end = io_status(IO_EOF);
    lab_run(&lab);
    assert_int_equal(tick_at(1000), 6000);
    for (uint64_t now = 1500; now < 6000; now += 500) {
        lab.now = now;
        lab_binary(&lab, "on and on");
        lab_run(&lab);
        assert_int_equal(tick_at(now), 6000);
    }
    assert_int_equal(tick_at(6000), 0);
    assert_true(bridge_is_done(&lab.bridge));
    assert_true(lab.target.is_shut);
    expect_reason(REASON_target_closed);
}

/* As above, with a slow target: bytes of the client do not extend the deadline. */
static void test_a_client_that_never_closes_and_a_slow_target(void **unused)
{
    lab.target.in_end = io_status(IO_EOF);
    lab.target.room = 0;
    lab_binary(&lab, "a first carry");
    lab_run(&lab);
    for (uint64_t now = 1500; now < 6000; now += 500) {
        lab.target.room = 5;
        lab_binary(&lab, "on and on");
        lab.now = now;
        lab_run(&lab);
        expect_deadline(6000, 0);
    }
    tick_at(6000);
    assert_true(bridge_is_done(&lab.bridge));
    expect_reason(REASON_target_stalled);
}

static void test_a_slow_client_gets_everything(void **unused)
{
    static uint8_t bytes[100000];
    lab.client.room = 0;
    fake_send(&lab.target, bytes, sizeof(bytes));
    lab.target.in_end = io_status(IO_EOF);
    lab_run(&lab);
    for (uint64_t now = 1000; !bridge_is_done(&lab.bridge); now += 4000) {
        assert_true(now < 1000000);
        lab.client.room = 1000;
        lab.now = now;
        if (lab.view.closed)
            lab.client.in_end = io_status(IO_EOF);
        lab_run(&lab);
        if (!bridge_is_done(&lab.bridge))
            tick_at(now);
    }
    assert_int_equal(lab.view.payload, sizeof(bytes));
    assert_true(lab.view.closed);
    expect_reason(REASON_target_closed);
}

/* All is in the kernel, which holds less and less: the client still reads. */
static void test_unsent_bytes_are_progress(void **unused)
{
    lab.target.in_end = io_status(IO_EOF);
    lab_run(&lab);
    uint64_t unsent = 500000;
    expect_deadline(6000, unsent);
    for (int i = 0; i < 10; i++) {
        lab.now += 1000;
        unsent -= 50000;
        expect_deadline(lab.now + 5000, unsent);
    }
    lab.now += 5000; /* all bytes arrived, but no Close comes */
    assert_int_equal(lab_tick(&lab, 0), 0);
    assert_true(bridge_is_done(&lab.bridge));
    expect_reason(REASON_target_closed);
}

static void test_unsent_bytes_that_stay(void **unused)
{
    lab.target.in_end = io_status(IO_EOF);
    lab_run(&lab);
    expect_deadline(6000, 500000);
    lab.now = 6000;
    assert_int_equal(lab_tick(&lab, 500000), 0);
    expect_reason(REASON_client_stalled);
}

/* A tick that begins the end has no `unsent`; the next one stores it, and later ones compare. */
static void test_a_timed_end_waits_for_a_slow_reader(void **unused)
{
    const struct bridge_unsent none = {0};
    lab.times.max_duration = 9000;
    lab.now = 10000;
    assert_int_equal(bridge_time_tick(&lab.bridge, &none, &lab.times, lab.now), lab.now);
    expect_deadline(15000, 1000);
    lab.now = 14000;
    expect_deadline(19000, 999);
    assert_false(bridge_is_done(&lab.bridge));
}

/* A late Close is answered by a FIN; the client then gets time to answer. */
static void test_a_fin_extends_the_deadline(void **unused)
{
    lab.target.in_end = io_status(IO_EOF);
    lab_run(&lab);
    assert_int_equal(lab_tick(&lab, 0), 6000);
    lab.now = 5900;
    send_close(1000);
    lab_run(&lab);
    assert_true(lab.client.is_shut && lab.target.is_shut);
    assert_int_equal(lab_tick(&lab, 1), 5900 + 1250); /* the FIN itself is not acknowledged yet */
    lab.now = 6000;
    assert_int_equal(lab_tick(&lab, 0), 11000);
    lab.now = 11000;
    assert_int_equal(lab_tick(&lab, 0), 0);
    expect_reason(REASON_target_closed);
}

static void test_one_deadline_for_a_stalled_client(void **unused)
{
    lab.client.room = 0;
    fake_send(&lab.target, "x", 1);
    lab.target.in_end = io_status(IO_EOF);
    lab_run(&lab);
    bridge_end(&lab.bridge, REASON_shutdown, lab.now); /* the target's EOF is behind the carry */
    expect_deadline(6000, 100);
    lab.now = 6000;
    assert_int_equal(lab_tick(&lab, 100), 0);
    assert_true(bridge_is_done(&lab.bridge));
    expect_reason(REASON_client_stalled);
}

static void test_one_deadline_for_a_stalled_target(void **unused)
{
    lab.target.room = 0;
    lab_binary(&lab, "x");
    lab_frame(&lab, 0x88, NULL, 0);
    lab_run(&lab);
    expect_deadline(6000, 0);
    assert_int_equal(tick_at(6000), 0);
    assert_true(bridge_is_done(&lab.bridge));
    expect_reason(REASON_target_stalled);
}

/* A Close that meets a full socket at the deadline gets a deadline of its own. */
static void test_a_close_at_the_deadline(void **unused)
{
    lab.client.in_end = io_status(IO_EOF);
    lab_run(&lab);
    lab.client.shutdowns_wanting = 1;
    assert_int_equal(tick_at(1000), 6000);
    assert_int_equal(tick_at(6000), 11000);
    assert_true(lab.bridge.down.blocked);
    lab.client.shutdowns_wanting = 0;
    lab_run(&lab);
    assert_true(lab.client.is_shut);
}

/* After the client's EOF, a slow target may finish, but not go on for ever. */
static void test_reads_the_target_after_client_eof(void **unused)
{
    lab.times.max_duration = 60000;
    lab.client.in_end = io_status(IO_EOF);
    lab_run(&lab);
    uint64_t next = tick_at(1000);
    for (uint64_t now = 1000; now < 61000; now += 4000) {
        fake_send(&lab.target, "still here", 10);
        lab.now = now;
        lab_run(&lab);
        next = tick_at(now);
        assert_int_equal(next, now + 5000 < 61000 ? now + 5000 : 61000);
    }
    assert_int_equal(tick_at(61000), 0);
    assert_true(bridge_is_done(&lab.bridge));
    assert_int_equal(lab.view.payload, 150);
}

/* A target that reads nothing and sends for ever is cut. */
static void test_a_target_that_only_sends(void **unused)
{
    lab.target.broken = REASON_target_reset;
    lab.target_break_reported = true;
    lab_binary(&lab, "not taken");
    lab_run(&lab);
    for (uint64_t now = 1000; now < 6000; now += 500) {
        lab.now = now;
        fake_send(&lab.target, "more", 4);
        lab_run(&lab);
        assert_int_equal(tick_at(now), 6000);
    }
    tick_at(6000);
    assert_true(lab.view.closed);
    assert_int_equal(lab.view.close_code, 1011);
    assert_true(bridge_is_done(&lab.bridge));
}

static void test_no_tick_when_done(void **unused)
{
    lab_frame(&lab, 0x88, NULL, 0);
    lab.client.in_end = lab.target.in_end = io_status(IO_EOF);
    lab_run(&lab);
    assert_true(bridge_is_done(&lab.bridge));
    assert_int_equal(tick_at(1000), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_no_tick_without_timeouts),
        TEST(test_ping_and_answer),
        TEST(test_round_trip),
        TEST(test_no_round_trip_through_a_stall),
        TEST(test_stall),
        TEST(test_a_stall_until_the_end),
        TEST(test_a_stall_until_the_client_breaks),
        TEST(test_ping_interval_below_the_timeout),
        TEST(test_any_byte_answers_a_ping),
        TEST(test_ping_timeout),
        TEST(test_no_ping_while_the_client_blocks),
        TEST(test_no_ping_timeout_while_the_client_is_not_read),
        TEST(test_idle),
        TEST(test_no_input),
        TEST(test_input_is_awaited_from_the_target_on),
        TEST(test_longest_session),
        TEST(test_earliest_deadline),
        TEST(test_a_client_that_never_closes),
        TEST(test_a_client_that_never_closes_and_a_slow_target),
        TEST(test_a_slow_client_gets_everything),
        TEST(test_unsent_bytes_are_progress),
        TEST(test_unsent_bytes_that_stay),
        TEST(test_a_timed_end_waits_for_a_slow_reader),
        TEST(test_a_fin_extends_the_deadline),
        TEST(test_one_deadline_for_a_stalled_client),
        TEST(test_one_deadline_for_a_stalled_target),
        TEST(test_a_close_at_the_deadline),
        TEST(test_reads_the_target_after_client_eof),
        TEST(test_a_target_that_only_sends),
        TEST(test_no_tick_when_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
