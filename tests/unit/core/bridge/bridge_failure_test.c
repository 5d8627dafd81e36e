/* Failures of a bridge: broken connections, a failed opening, each call and allocation. */
#include "core/bridge/bridge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/bridge_expect.h"
#include "lib/failing_alloc.h"

#define CAPACITY ((size_t)1 << 16)

static int set_up_waiting(void **unused)
{
    lab_init(&lab, &scratch, CAPACITY);
    return 0;
}

static int set_up(void **unused)
{
    set_up_waiting(NULL);
    lab_attach(&lab);
    return 0;
}

static int tear_down(void **unused)
{
    failing_alloc_arm(0);
    lab_free(&lab);
    return 0;
}

/* ---- breakage while nothing can be read or written ---- */

static void test_client_breaks_while_the_target_is_silent(void **unused)
{
    lab.target.room = 2;
    lab_binary(&lab, "four");
    lab_run(&lab);
    assert_int_equal(bridge_want(&lab.bridge), BRIDGE_TARGET_WRITE | BRIDGE_TARGET_READ);
    fake_break(&lab.client, REASON_client_reset);
    lab_run(&lab);
    expect_reason(REASON_client_reset);
    uint64_t broke_at = lab.now;
    assert_true(lab_finish(&lab, 4));
    assert_true(lab.now - broke_at <= 1000);
    expect_reason(REASON_client_reset); /* not: target stalled */
}

static void test_client_breaks_while_the_target_is_slow(void **unused)
{
    lab.target.room = 2;
    lab_binary(&lab, "four");
    lab_run(&lab);
    lab_binary(&lab, "left behind");
    fake_break(&lab.client, REASON_client_reset);
    lab_run(&lab);
    lab.now += 900;
    lab_tick(&lab, 0);
    lab.target.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    expect_target_got("fourleft behind");
    assert_true(lab.target.is_shut);
}

static void test_target_breaks_while_the_client_is_silent(void **unused)
{
    lab.client.room = 0;
    fake_send(&lab.target, "carried", 7);
    lab_run(&lab);
    fake_send(&lab.target, ", left", 6);
    fake_break(&lab.target, REASON_target_reset);
    lab_run(&lab);
    expect_reason(REASON_target_reset);
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    expect_client_got("carried, left");
    expect_close(1011);
}

static void test_broken_target_with_a_stalled_client_ends(void **unused)
{
    lab.client.room = 0;
    fake_send(&lab.target, "carried", 7);
    lab_run(&lab);
    fake_break(&lab.target, REASON_target_reset);
    uint64_t broke_at = lab.now;
    assert_true(lab_finish(&lab, 6));
    assert_true(lab.now - broke_at <= 5000);
    expect_reason(REASON_target_reset);
}

/* ---- the opening ---- */

static void test_reads_nothing_without_a_target(void **unused)
{
    lab_binary(&lab, "early");
    bridge_send_upgrade(&lab.bridge, "HTTP", 4, lab.now);
    lab.answer_length = 4;
    lab_run(&lab);
    assert_int_equal(bridge_want(&lab.bridge), 0);
    lab_attach(&lab);
    lab_run(&lab);
    expect_target_got("early");
}

static void test_early_frames(void **unused)
{
    for (size_t cut = 0; cut <= 11; cut++) {
        tear_down(NULL);
        set_up_waiting(NULL);
        uint8_t early[11];
        lab_binary(&lab, "early");
        memcpy(early, lab.client.in, cut);
        lab.client.in_at = cut;
        bridge_send_upgrade(&lab.bridge, "HTTP", 4, lab.now);
        lab.answer_length = 4;
        lab_attach(&lab);
        bridge_take_early(&lab.bridge, early, cut, lab.now);
        lab_run(&lab);
        expect_target_got("early");
        assert_int_equal(bridge_is_ending(&lab.bridge), false);
    }
}

static void test_early_close(void **unused)
{
    uint8_t close[] = {0x88, 0x80, 0, 0, 0, 0};
    bridge_take_early(&lab.bridge, close, sizeof(close), lab.now);
    expect_close(0);
    assert_true(lab.target.is_shut && lab.client.is_shut);
    expect_reason(REASON_client_closed);
}

static void test_blocked_answer(void **unused)
{
    lab.client.room = 2;
    bridge_send_upgrade(&lab.bridge, "HTTP", 4, lab.now);
    lab.answer_length = 4;
    lab_attach(&lab);
    fake_send(&lab.target, "banner", 6);
    lab_run(&lab);
    assert_int_equal(lab.target.in_at, 0);
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    assert_memory_equal(lab.client.out,
                        "HTTP\x82\x06"
                        "banner",
                        12);
}

/* This failed an assertion once. */
static void test_answer_fails_without_a_target(void **unused)
{
    fake_break(&lab.client, REASON_client_reset);
    bridge_send_upgrade(&lab.bridge, "HTTP", 4, lab.now);
    expect_reason(REASON_client_reset);
    lab_attach(&lab);
    uint8_t early[] = {0x82, 0x81, 0, 0, 0, 0, 'x'};
    bridge_take_early(&lab.bridge, early, sizeof(early), lab.now);
    lab_run(&lab);
    expect_target_got("x");
    assert_true(lab.target.is_shut);
    target_sends_eof();
    expect_done(REASON_client_reset);
}

static void test_no_target_after_the_answer(void **unused)
{
    bridge_send_upgrade(&lab.bridge, "HTTP", 4, lab.now);
    lab.answer_length = 4;
    bridge_end(&lab.bridge, REASON_target_refused, lab.now);
    uint8_t early[] = {0x82, 0x83, 0, 0, 0, 0, 'x'}; /* a frame of which two bytes follow */
    bridge_take_early(&lab.bridge, early, sizeof(early), lab.now);
    expect_close(1011);
    fake_send(&lab.client, "yz", 2);
    send_close(1011);
    lab_run(&lab);
    assert_true(lab.client.is_shut);
    client_sends_eof();
    expect_done(REASON_target_refused);
}

/* ---- each call and allocation ---- */

/* A session with all kinds of steps; any failure ends it with a reason. */
static void run_whole_session(void)
{
    lab.client.room = lab.target.room = 2;
    bridge_send_upgrade(&lab.bridge, "HTTP", 4, lab.now);
    lab.answer_length = 4;
    lab_attach(&lab);
    lab_binary(&lab, "hello");
    lab_frame(&lab, 0x89, "p", 1);
    lab_frame(&lab, 0x82, lab.target.out, 3000);
    send_close(1000);
    fake_send(&lab.target, "and hello", 9);
    for (int i = 0; i < 1000 && !bridge_is_done(&lab.bridge); i++) {
        lab_run(&lab);
        lab.client.room = lab.target.room = 7;
        if (lab.target.is_shut)
            target_sends_eof();
        if (lab.view.closed)
            client_sends_eof();
    }
    assert_true(lab_finish(&lab, 6));
    assert_true(bridge_is_ending(&lab.bridge));
}

static void test_each_call_of_a_transport_fails(void **unused)
{
    for (int target = 0; target < 2; target++)
        for (unsigned n = 1;; n++) {
            tear_down(NULL);
            set_up_waiting(NULL);
            struct fake *fake = target ? &lab.target : &lab.client;
            fake->sealed = n % 2;
            memset(lab.target.out, 'x', 3000);
            fake->fail_call = n;
            run_whole_session();
            if (fake->calls < n) {
                expect_reason(REASON_client_closed);
                break;
            }
        }
}

static void test_each_allocation_fails(void **unused)
{
    unsigned failures = 0;
    for (unsigned n = 1;; n++, failures++) {
        tear_down(NULL);
        set_up_waiting(NULL);
        memset(lab.target.out, 'x', 3000);
        failing_alloc_arm(n);
        run_whole_session();
        if (!failing_alloc_disarm())
            break;
        expect_reason(lab.bridge.reason == REASON_client_closed ? REASON_client_closed
                                                                : REASON_out_of_memory);
    }
    assert_true(failures >= 2);
}

static void test_without_memory_both_sides_end(void **unused)
{
    lab.target.room = 0;
    lab_binary(&lab, "does not fit");
    failing_alloc_arm(1);
    lab_run(&lab);
    assert_true(failing_alloc_disarm());
    expect_reason(REASON_out_of_memory);
    expect_close(1011);
}

static void test_without_memory_for_the_close_the_target_ends(void **unused)
{
    lab.client.room = 1; /* the rest of the Close needs a carry */
    bridge_end(&lab.bridge, REASON_shutdown, lab.now);
    failing_alloc_arm(1);
    lab_turn(&lab, 0);
    assert_true(failing_alloc_disarm());
    assert_true(lab.target.is_shut);
    expect_reason(REASON_shutdown);
}

int main(void)
{
#define TEST(name)    cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define OPENING(name) cmocka_unit_test_setup_teardown(name, set_up_waiting, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_client_breaks_while_the_target_is_silent),
        TEST(test_client_breaks_while_the_target_is_slow),
        TEST(test_target_breaks_while_the_client_is_silent),
        TEST(test_broken_target_with_a_stalled_client_ends),
        OPENING(test_reads_nothing_without_a_target),
        OPENING(test_early_frames),
        TEST(test_early_close),
        OPENING(test_blocked_answer),
        OPENING(test_answer_fails_without_a_target),
        OPENING(test_no_target_after_the_answer),
        OPENING(test_each_call_of_a_transport_fails),
        OPENING(test_each_allocation_fails),
        TEST(test_without_memory_both_sides_end),
        TEST(test_without_memory_for_the_close_the_target_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
