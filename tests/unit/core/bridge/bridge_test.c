/* The table of bridge.h, and that nothing is lost. */
#include "core/bridge/bridge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/bridge_expect.h"

#define CAPACITY ((size_t)3 << 20)

static int set_up(void **unused)
{
    lab_init(&lab, &scratch, CAPACITY);
    lab_attach(&lab);
    return 0;
}

static int tear_down(void **unused)
{
    lab_free(&lab);
    return 0;
}

/* ---- the table in bridge.h, row by row ---- */

static void test_bytes_flow(void **unused)
{
    lab_binary(&lab, "ping me");
    fake_send(&lab.target, "pong you", 8);
    lab_run(&lab);
    expect_target_got("ping me");
    expect_client_got("pong you");
    assert_int_equal(lab.view.data_frames, 1);
    assert_int_equal(bridge_want(&lab.bridge), BRIDGE_CLIENT_READ | BRIDGE_TARGET_READ);
    assert_int_equal(lab.bridge.up.bytes, 7);
    assert_int_equal(lab.bridge.down.bytes, 8);
    assert_int_equal(lab.client.reads, 1); /* drained: no second read is needed */
}

static void test_target_eof(void **unused)
{
    fake_send(&lab.target, "last words", 10);
    target_sends_eof();
    lab_run(&lab);
    expect_client_got("last words");
    expect_close(1000);
    assert_false(lab.client.is_shut); /* the client's Close is still to come */

    lab_binary(&lab, "mine");
    lab_run(&lab);
    expect_target_got("mine"); /* the target has only stopped sending */
    send_close(1000);
    lab_run(&lab);
    assert_true(lab.client.is_shut);
    assert_true(lab.target.is_shut);
    client_sends_eof();
    expect_done(REASON_target_closed);
}

static void test_target_read_fails(void **unused)
{
    fake_send(&lab.target, "last words", 10);
    lab.target.in_end = io_fail(REASON_target_reset);
    lab_run(&lab);
    expect_client_got("last words");
    expect_close(1011);
    assert_int_equal(lab.bridge.up.state, PIPE_BROKEN);
    lab_binary(&lab, "in vain");
    send_close(1011);
    lab_run(&lab);
    assert_true(lab.client.is_shut);
    client_sends_eof();
    expect_done(REASON_target_reset);
    expect_target_got("");
}

static void test_target_write_fails(void **unused)
{
    lab.target.broken = REASON_target_reset;
    lab.target_break_reported = true;
    lab_binary(&lab, "in vain");
    lab_turn(&lab, BRIDGE_CLIENT_READ);
    assert_int_equal(lab.bridge.up.state, PIPE_BROKEN);
    fake_send(&lab.target, "left behind", 11); /* arrived before the reset */
    lab.target.in_end = io_fail(REASON_target_reset);
    lab_run(&lab);
    expect_client_got("left behind");
    expect_close(1011);
    send_close(1000);
    client_sends_eof();
    expect_done(REASON_target_reset);
}

static void test_client_close(void **unused)
{
    lab_binary(&lab, "all of it");
    send_close(4321);
    lab_binary(&lab, "after the end");
    lab_run(&lab);
    expect_target_got("all of it");
    assert_true(lab.target.is_shut);
    expect_close(4321);
    assert_int_equal(lab.view.control_length, 2);
    assert_true(lab.client.is_shut);

    fake_send(&lab.target, "too late", 8); /* no data may follow our Close */
    target_sends_eof();
    lab_run(&lab);
    assert_false(bridge_is_done(&lab.bridge));
    client_sends_eof();
    expect_done(REASON_client_closed);
    expect_client_got("");
}

static void test_client_close_without_code(void **unused)
{
    lab_frame(&lab, 0x88, NULL, 0);
    lab_run(&lab);
    expect_close(0);
    assert_int_equal(lab.view.control_length, 0);
}

static void test_client_eof(void **unused)
{
    lab_binary(&lab, "question");
    client_sends_eof();
    lab_run(&lab);
    expect_target_got("question");
    assert_true(lab.target.is_shut);
    assert_false(lab.view.closed);
    fake_send(&lab.target, "answer", 6);
    lab_run(&lab);
    expect_client_got("answer");
    target_sends_eof();
    expect_done(REASON_client_eof);
    expect_close(1000); /* it has got all */
}

static void test_client_eof_and_a_broken_target(void **unused)
{
    client_sends_eof();
    lab_run(&lab);
    fake_send(&lab.target, "answ", 4);
    lab.target.in_end = io_fail(REASON_target_reset);
    expect_done(REASON_client_eof);
    expect_client_got("answ");
    assert_false(lab.view.closed);
}

static void test_client_violation(void **unused)
{
    lab_binary(&lab, "good");
    lab_frame(&lab, 0xC2, "bad", 3); /* RSV1 */
    lab_binary(&lab, "after");
    lab_run(&lab);
    expect_target_got("good");
    assert_true(lab.target.is_shut);
    expect_close(1002);
    assert_true(lab.client.is_shut);
    target_sends_eof();
    client_sends_eof();
    expect_done(REASON_ws_rsv);
    assert_string_equal((char *)lab.view.control + 2, reason_row(REASON_ws_rsv)->text);
}

static void test_client_read_fails(void **unused)
{
    lab_binary(&lab, "before");
    lab.client.in_end = io_fail(REASON_client_reset);
    fake_send(&lab.target, "not wanted", 10);
    target_sends_eof();
    lab_run(&lab);
    expect_target_got("before");
    assert_true(lab.target.is_shut);
    expect_done(REASON_client_reset);
    assert_false(lab.view.closed);
}

static void test_client_write_fails(void **unused)
{
    lab.client.broken = REASON_client_reset;
    lab.client_break_reported = true;
    fake_send(&lab.target, "not wanted", 10);
    lab_turn(&lab, BRIDGE_TARGET_READ);
    assert_int_equal(lab.bridge.down.state, PIPE_BROKEN);
    lab_binary(&lab, "left behind");
    lab.client.in_end = io_fail(REASON_client_reset);
    lab_run(&lab);
    expect_target_got("left behind");
    assert_true(lab.target.is_shut);
    target_sends_eof();
    expect_done(REASON_client_reset);
}

static void test_end_by_the_bridge(void **unused)
{
    bridge_end(&lab.bridge, REASON_shutdown, lab.now);
    bridge_end(&lab.bridge, REASON_drained, lab.now); /* the first reason stays */
    lab_turn(&lab, 0);
    expect_close(1001);
    assert_false(lab.client.is_shut);
    lab_binary(&lab, "still");
    lab_run(&lab);
    expect_target_got("still");
    send_close(1001);
    lab_run(&lab);
    assert_true(lab.client.is_shut);
    assert_true(lab.target.is_shut);
    client_sends_eof();
    target_sends_eof();
    expect_done(REASON_shutdown);
}

/* ---- nothing is lost ---- */

static void fill(uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
}

/* Gives room in small portions, as a slow peer does. */
static void run_slowly(struct fake *fake, size_t portion)
{
    for (size_t i = 0; i < 2 * CAPACITY / portion && !bridge_is_done(&lab.bridge); i++) {
        fake->room = portion;
        lab_run(&lab);
    }
    fake->room = FAKE_NO_LIMIT;
    lab_run(&lab);
}

static void test_everything_reaches_a_slow_client(void **unused)
{
    for (int sealed = 0; sealed < 2; sealed++) {
        tear_down(NULL);
        set_up(NULL);
        lab.client.sealed = sealed;
        lab.client.room = 0;
        fill(lab.target.in, 1000000);
        lab.target.in_length = 1000000;
        target_sends_eof();
        lab_run(&lab);
        assert_true(lab.target.in_at <= BRIDGE_BUFFER); /* the rest stays in the kernel */
        run_slowly(&lab.client, 4099);
        assert_int_equal(lab.view.payload, 1000000);
        expect_close(1000);
    }
}

static void test_everything_reaches_a_slow_target(void **unused)
{
    static uint8_t bytes[1000000];
    fill(bytes, sizeof(bytes));
    for (int sealed = 0; sealed < 2; sealed++)
        for (int how = 0; how < 3; how++) {
            tear_down(NULL);
            set_up(NULL);
            lab.target.sealed = sealed;
            lab.target.room = 0;
            for (size_t at = 0; at < sizeof(bytes); at += 50000)
                lab_frame(&lab, 0x82, bytes + at, 50000);
            if (how == 0)
                client_sends_eof();
            else
                lab_frame(&lab, how == 1 ? 0x88 : 0x83, NULL, 0);
            lab_run(&lab);
            assert_true(lab.client.in_at <= BRIDGE_BUFFER);
            run_slowly(&lab.target, 4099);
            assert_int_equal(lab.target.out_length, sizeof(bytes));
            assert_memory_equal(lab.target.out, bytes, sizeof(bytes));
            assert_true(lab.target.is_shut);
            expect_reason(how == 0   ? REASON_client_eof
                          : how == 1 ? REASON_client_closed
                                     : REASON_ws_opcode);
        }
}

static void test_no_deadlock_with_both_blocked(void **unused)
{
    static uint8_t bytes[1000000];
    fill(bytes, sizeof(bytes));
    lab.client.room = lab.target.room = 0;
    for (size_t at = 0; at < sizeof(bytes); at += 100000)
        lab_frame(&lab, 0x82, bytes + at, 100000);
    fake_send(&lab.target, bytes, sizeof(bytes));
    lab_run(&lab);
    assert_int_equal(bridge_want(&lab.bridge), BRIDGE_CLIENT_WRITE | BRIDGE_TARGET_WRITE);
    lab.target.room = FAKE_NO_LIMIT; /* only one side moves */
    lab_run(&lab);
    assert_int_equal(lab.target.out_length, sizeof(bytes));
    assert_memory_equal(lab.target.out, bytes, sizeof(bytes));
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    assert_int_equal(lab.view.payload, sizeof(bytes));
}

/* A stream with every kind of frame, cut at each byte: the same bytes and answers. */
static void test_every_cut(void **unused)
{
    static const uint8_t bad[] = {0x82, 0x05, 'x'};
    size_t length = 1;
    for (size_t cut = 0; cut < length; cut++) {
        tear_down(NULL);
        set_up(NULL);
        lab_binary(&lab, "one");
        lab_frame(&lab, 0x89, "p", 1);
        lab_frame(&lab, 0x02, "t", 1);
        lab_frame(&lab, 0x8A, "unasked", 7);
        lab_frame(&lab, 0x80, "wo", 2);
        lab_frame(&lab, 0x81, "\xC3\xA9", 2);
        fake_send(&lab.client, bad, sizeof(bad)); /* not masked */
        length = lab.client.in_length;
        lab.client.arrived = cut;
        lab_run(&lab);
        lab.client.arrived = FAKE_NO_LIMIT;
        lab_run(&lab);
        expect_target_got("onetwo\xC3\xA9");
        assert_int_equal(lab.view.pongs, 1);
        expect_close(1002);
        expect_reason(REASON_ws_unmasked);
    }
}

/* The source is likely to have more, and a transport may hold bytes that poll does not show. */
static void test_writes_at_once_when_room_returns(void **unused)
{
    lab.client.room = lab.target.room = 0;
    fake_send(&lab.target, "one", 3);
    lab_binary(&lab, "one");
    lab_run(&lab);
    fake_send(&lab.target, "two", 3);
    lab_binary(&lab, "two");
    lab.client.room = lab.target.room = FAKE_NO_LIMIT;
    lab_turn(&lab, BRIDGE_CLIENT_WRITE | BRIDGE_TARGET_WRITE);
    expect_client_got("onetwo");
    expect_target_got("onetwo");
}

/* One buffer of each end, and a word on who has more. */
static void test_a_turn_is_bounded(void **unused)
{
    lab.target.in_length = CAPACITY;
    memset(lab.target.in, 0, CAPACITY);
    assert_int_equal(lab_turn(&lab, BRIDGE_TARGET_READ), BRIDGE_TARGET_READ);
    assert_int_equal(lab.target.in_at, BRIDGE_BUFFER);
    assert_int_equal(lab.client.writes, 1);
    lab.client.room = 100; /* nothing more is read while the client does not take it */
    assert_int_equal(lab_turn(&lab, BRIDGE_TARGET_READ), 0);
    assert_int_equal(lab_turn(&lab, BRIDGE_CLIENT_READ), 0);
}

/* The longest turn has about 13,000 of the smallest frames, but for one whose frames were large. */
static void test_a_turn_is_bounded_by_frames(void **unused)
{
    static const struct {
        uint8_t first, length;
        size_t then;
    } cases[] = {{0x81, 1, BRIDGE_BUFFER / 4},
                 {0x82, 0, BRIDGE_BUFFER / 4},
                 {0x89, 0, BRIDGE_BUFFER / 4},
                 {0x8A, 1, BRIDGE_BUFFER / 4},
                 {0x82, 64, BRIDGE_BUFFER}};
    char payload[64] = "a";
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        while (lab.client.in_length < CAPACITY - 100)
            lab_frame(&lab, cases[i].first, payload, cases[i].length);
        assert_int_equal(lab_turn(&lab, BRIDGE_CLIENT_READ), BRIDGE_CLIENT_READ);
        assert_int_equal(lab.client.in_at, BRIDGE_BUFFER / 4);
        lab_turn(&lab, BRIDGE_CLIENT_READ);
        assert_int_equal(lab.client.in_at, BRIDGE_BUFFER / 4 + cases[i].then);
        tear_down(NULL);
        set_up(NULL);
    }
}

/* ---- control frames ---- */

static void test_a_flood_of_pings_uses_one_slot(void **unused)
{
    static const uint8_t carried[1000];
    lab.client.room = 3; /* within the first header */
    fake_send(&lab.target, carried, sizeof(carried));
    lab_run(&lab);
    for (int i = 0; i < 1000; i++)
        lab_frame(&lab, 0x89, &i, sizeof(i));
    lab_run(&lab);
    assert_int_equal(lab.client.in_at, lab.client.in_length);
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    assert_int_equal(lab.view.payload, 1000); /* the pong came behind the frame */
    assert_int_equal(lab.view.pongs, 1);
    assert_memory_equal(lab.view.control, &(int){999}, sizeof(int));
}

static void test_pong_before_the_next_frame(void **unused)
{
    lab.client.room = 0;
    fake_send(&lab.target, "carried", 7);
    lab_run(&lab);
    lab_frame(&lab, 0x89, "p", 1);
    lab_run(&lab);
    fake_send(&lab.target, "next", 4);
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    assert_memory_equal(lab.client.out,
                        "\x82\x07"
                        "carried"
                        "\x8A\x01p"
                        "\x82\x04"
                        "next",
                        18);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_bytes_flow),
        TEST(test_target_eof),
        TEST(test_target_read_fails),
        TEST(test_target_write_fails),
        TEST(test_client_close),
        TEST(test_client_close_without_code),
        TEST(test_client_eof),
        TEST(test_client_eof_and_a_broken_target),
        TEST(test_client_violation),
        TEST(test_client_read_fails),
        TEST(test_client_write_fails),
        TEST(test_end_by_the_bridge),
        TEST(test_everything_reaches_a_slow_client),
        TEST(test_everything_reaches_a_slow_target),
        TEST(test_no_deadlock_with_both_blocked),
        TEST(test_every_cut),
        TEST(test_writes_at_once_when_room_returns),
        TEST(test_a_turn_is_bounded),
        TEST(test_a_turn_is_bounded_by_frames),
        TEST(test_a_flood_of_pings_uses_one_slot),
        TEST(test_pong_before_the_next_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
