/* Sinks that take nothing or little: stalled ones and slow ones. */
#include "core/bridge/bridge_time.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/bridge_expect.h"

static int set_up(void **unused)
{
    lab_init(&lab, &scratch, 1 << 20);
    lab_attach(&lab);
    lab.times.stall_timeout = 120000;
    return 0;
}

static int tear_down(void **unused)
{
    lab_free(&lab);
    return 0;
}

/* ---- while open: 120 s ---- */

/* From check to check, until nothing is due before `at` or the session ends. */
static void pass_time(uint64_t at, struct bridge_unsent unsent)
{
    while (lab.now < at && !bridge_is_ending(&lab.bridge)) {
        uint64_t next = bridge_time_tick(&lab.bridge, &unsent, &lab.times, lab.now);
        assert_true(next >= lab.now && next <= lab.now + lab.times.stall_timeout / 4);
        lab.now = next > lab.now ? next : lab.now;
        lab_check(&lab);
    }
}

static void test_a_stalled_target(void **unused)
{
    pass_time(1000000, (struct bridge_unsent){0}); /* no bytes for it */
    assert_false(bridge_is_ending(&lab.bridge));
    lab.target.room = 2;
    lab_binary(&lab, "four");
    lab_run(&lab);
    uint64_t blocked_at = lab.now;
    pass_time(blocked_at + 119999, (struct bridge_unsent){.target = 2});
    assert_false(bridge_is_ending(&lab.bridge));
    pass_time(blocked_at + 120001, (struct bridge_unsent){.target = 2});
    expect_reason(REASON_target_stalled);
    expect_close(1011);
    /* The client is read at once, though the target still takes nothing. */
    send_close(1011);
    client_sends_eof();
    target_sends_eof();
    expect_done(REASON_target_stalled);
}

/* The client has ended in order, but its EOF is behind bytes that the target does not take. */
static void test_a_client_that_closed_before_a_stalled_target(void **unused)
{
    lab.target.room = 2;
    lab_binary(&lab, "four");
    client_sends_eof();
    lab_run(&lab);
    pass_time(lab.now + 150000, (struct bridge_unsent){0});
    expect_reason(REASON_target_stalled);
    assert_true(lab_finish(&lab, 10));
}

static void test_a_slow_target_is_not_stalled(void **unused)
{
    lab.target.room = 2;
    lab_binary(&lab, "it takes all of this, byte by byte");
    lab_run(&lab);
    for (unsigned i = 0; i < 30; i++) {
        pass_time(lab.now + 119000, (struct bridge_unsent){0});
        lab.target.room = 1;
        lab_run(&lab);
    }
    assert_false(bridge_is_ending(&lab.bridge));
}

/* Acknowledged bytes make room, but not enough for the descriptor to be writable. */
static void test_a_slow_client_is_not_stalled(void **unused)
{
    struct bridge_unsent unsent = {.client = 2000000};
    lab.client.room = 4;
    fake_send(&lab.target, "0123456789", 10);
    lab_run(&lab);
    for (unsigned i = 0; i < 30; i++) {
        pass_time(lab.now + 60000, unsent);
        unsent.client -= 10000;
    }
    assert_false(bridge_is_ending(&lab.bridge));
    pass_time(lab.now + 120000 + 30000, unsent);
    expect_reason(REASON_client_stalled);
}

/* As above, with the unsent bytes inside of the transport. */
static void test_a_slow_client_of_a_sealed_transport(void **unused)
{
    lab.client.sealed = true;
    lab.client.room = 4;
    fake_send(&lab.target, "0123456789, and so on until the end", 35);
    lab_run(&lab);
    for (unsigned i = 0; i < 30; i++) {
        pass_time(lab.now + 119000, (struct bridge_unsent){.client = 1000});
        lab.client.room = 1;
        lab_run(&lab);
    }
    assert_true(lab.bridge.down.blocked);
    assert_false(bridge_is_ending(&lab.bridge));
}

static void test_a_stalled_client(void **unused)
{
    lab.client.room = 0;
    fake_send(&lab.target, "x", 1);
    lab_run(&lab);
    pass_time(lab.now + 150000, (struct bridge_unsent){.client = 1});
    expect_reason(REASON_client_stalled);
    uint64_t ended_at = lab.now;
    lab_binary(&lab, "its last words");
    assert_true(lab_finish(&lab, 10));
    assert_true(lab.now <= ended_at + 1000);
    expect_target_got("its last words");
    assert_true(lab.target.is_shut);
    expect_reason(REASON_client_stalled);
}

/* ---- at the end: 5 s, and the steps of a slow receiver ---- */

/* TCP shows progress in steps that grow: each may take eight times the longest so far. */
static void test_growing_steps(void **unused)
{
    uint64_t unsent = 600000, longest = 0;
    lab.target.in_end = io_status(IO_EOF);
    lab_run(&lab);
    expect_deadline(6000, unsent);
    for (uint64_t step = 4000; step <= 64000; step *= 2) {
        uint64_t moved_at = lab.bridge.progress_at;
        while (lab.now < moved_at + step) {
            uint64_t next = lab_tick(&lab, unsent);
            assert_true(next > lab.now && next <= lab.now + 1250);
            lab.now = next < moved_at + step ? next : moved_at + step;
        }
        unsent -= 65536;
        assert_int_equal(lab_tick(&lab, unsent), lab.now + 1250);
        longest = step;
    }
    assert_int_equal(longest, 64000);
    expect_deadline(lab.bridge.progress_at + 120000, unsent); /* and not 512 seconds */
    lab.now = lab.bridge.progress_at + 120000;
    assert_int_equal(lab_tick(&lab, unsent), 0);
    expect_reason(REASON_client_stalled);
}

/* The same for a slow target, whose kernel has the client's last bytes. */
static void test_a_slow_target_gets_everything(void **unused)
{
    struct bridge_unsent unsent = {.target = 600000};
    lab_binary(&lab, "its last words");
    lab_frame(&lab, 0x88, NULL, 0);
    lab_run(&lab);
    assert_true(lab.target.is_shut);
    while (unsent.target > 0) {
        uint64_t next = bridge_time_tick(&lab.bridge, &unsent, &lab.times, lab.now);
        assert_true(next > lab.now);
        assert_false(bridge_is_done(&lab.bridge));
        lab.now += 2500;
        unsent.target -= 50000;
        fake_send(&lab.target, "it talks meanwhile", 18);
        lab_run(&lab);
    }
    target_sends_eof();
    client_sends_eof();
    expect_done(REASON_client_closed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_stalled_target),
        TEST(test_a_client_that_closed_before_a_stalled_target),
        TEST(test_a_slow_target_is_not_stalled),
        TEST(test_a_slow_client_is_not_stalled),
        TEST(test_a_slow_client_of_a_sealed_transport),
        TEST(test_a_stalled_client),
        TEST(test_growing_steps),
        TEST(test_a_slow_target_gets_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
