#include <setjmp.h>
#include <stdarg.h>

#include "core/bridge.h"

#include <cmocka.h>

#include "lib/bridge_lab.h"
#include "lib/failing_alloc.h"

#define CAPACITY ((size_t)3 << 20)

static struct bridge_scratch scratch;
static struct lab lab;

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

/* ---- what is expected ------------------------------------------------------------------------ */

static void expect_reason(enum reason reason)
{
    assert_string_equal(reason_row(lab.bridge.reason)->name, reason_row(reason)->name);
}

static void expect_target_got(const char *bytes)
{
    assert_int_equal(lab.target.out_length, strlen(bytes));
    assert_memory_equal(lab.target.out, bytes, strlen(bytes));
}

static void expect_client_got(const char *bytes)
{
    assert_int_equal(lab.view.payload, strlen(bytes));
    assert_memory_equal(lab.target.in, bytes, strlen(bytes));
}

static void expect_close(uint16_t code)
{
    lab_check(&lab);
    assert_true(lab.view.closed);
    assert_int_equal(lab.view.close_code, code);
}

static void expect_done(enum reason reason)
{
    lab_run(&lab);
    assert_true(bridge_done(&lab.bridge));
    assert_int_equal(bridge_want(&lab.bridge), 0);
    expect_reason(reason);
}

static void client_says_eof(void)
{
    lab.client.in_end = io_status(IO_EOF);
}

static void target_says_eof(void)
{
    lab.target.in_end = io_status(IO_EOF);
}

static void send_close(uint16_t code)
{
    uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    lab_frame(&lab, 0x88, payload, 2);
}

/* ---- the table in bridge.h, row by row ------------------------------------------------------- */

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
    assert_int_equal(lab.client.reads, 1); /* drained: no second read to hear so */
}

static void test_target_eof(void **unused)
{
    fake_send(&lab.target, "last words", 10);
    target_says_eof();
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
    client_says_eof();
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
    client_says_eof();
    expect_done(REASON_target_reset);
    expect_target_got("");
}

static void test_target_write_fails(void **unused)
{
    lab.target.broken = REASON_target_reset;
    lab.target_told = true;
    lab_binary(&lab, "in vain");
    lab_turn(&lab, BRIDGE_CLIENT_READ);
    assert_int_equal(lab.bridge.up.state, PIPE_BROKEN);
    fake_send(&lab.target, "left behind", 11); /* arrived before the reset */
    lab.target.in_end = io_fail(REASON_target_reset);
    lab_run(&lab);
    expect_client_got("left behind");
    expect_close(1011);
    send_close(1000);
    client_says_eof();
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
    target_says_eof();
    lab_run(&lab);
    assert_false(bridge_done(&lab.bridge));
    client_says_eof();
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
    client_says_eof();
    lab_run(&lab);
    expect_target_got("question");
    assert_true(lab.target.is_shut);
    assert_false(lab.view.closed);
    fake_send(&lab.target, "answer", 6);
    lab_run(&lab);
    expect_client_got("answer");
    target_says_eof();
    expect_done(REASON_client_eof);
    assert_false(lab.view.closed); /* who does not say Close gets none */
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
    target_says_eof();
    client_says_eof();
    expect_done(REASON_ws_rsv);
    assert_string_equal((char *)lab.view.control + 2, reason_row(REASON_ws_rsv)->text);
}

static void test_client_read_fails(void **unused)
{
    lab_binary(&lab, "before");
    lab.client.in_end = io_fail(REASON_client_reset);
    fake_send(&lab.target, "for nobody", 10);
    target_says_eof();
    lab_run(&lab);
    expect_target_got("before");
    assert_true(lab.target.is_shut);
    expect_done(REASON_client_reset);
    assert_false(lab.view.closed);
}

static void test_client_write_fails(void **unused)
{
    lab.client.broken = REASON_client_reset;
    lab.client_told = true;
    fake_send(&lab.target, "for nobody", 10);
    lab_turn(&lab, BRIDGE_TARGET_READ);
    assert_int_equal(lab.bridge.down.state, PIPE_BROKEN);
    lab_binary(&lab, "left behind");
    lab.client.in_end = io_fail(REASON_client_reset);
    lab_run(&lab);
    expect_target_got("left behind");
    assert_true(lab.target.is_shut);
    target_says_eof();
    expect_done(REASON_client_reset);
}

static void test_we_end(void **unused)
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
    client_says_eof();
    target_says_eof();
    expect_done(REASON_shutdown);
}

/* ---- nothing is lost ------------------------------------------------------------------------- */

static void fill(uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
}

/* Room comes in small portions, as from a slow peer. */
static void run_slowly(struct fake *fake, size_t portion)
{
    for (size_t i = 0; i < 2 * CAPACITY / portion && !bridge_done(&lab.bridge); i++) {
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
        target_says_eof();
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
                client_says_eof();
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

static void test_both_blocked_is_no_deadlock(void **unused)
{
    static uint8_t bytes[1000000];
    fill(bytes, sizeof(bytes));
    lab.client.room = lab.target.room = 0;
    for (size_t at = 0; at < sizeof(bytes); at += 100000)
        lab_frame(&lab, 0x82, bytes + at, 100000);
    fake_send(&lab.target, bytes, sizeof(bytes));
    lab_run(&lab);
    assert_int_equal(bridge_want(&lab.bridge), BRIDGE_CLIENT_WRITE | BRIDGE_TARGET_WRITE);
    lab.target.room = FAKE_NO_LIMIT; /* one side alone moves on */
    lab_run(&lab);
    assert_int_equal(lab.target.out_length, sizeof(bytes));
    assert_memory_equal(lab.target.out, bytes, sizeof(bytes));
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    assert_int_equal(lab.view.payload, sizeof(bytes));
}

/* A stream with every kind of frame, cut at each byte: same bytes, same answers. */
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

static void test_a_turn_does_not_go_on_for_ever(void **unused)
{
    lab.target.in_length = CAPACITY;
    memset(lab.target.in, 0, CAPACITY);
    lab_turn(&lab, BRIDGE_TARGET_READ);
    assert_int_equal(lab.target.in_at, 4 * BRIDGE_BUFFER);
    assert_int_equal(lab.client.writes, 4);
}

/* ---- control frames -------------------------------------------------------------------------- */

static void test_a_flood_of_pings_costs_one_slot(void **unused)
{
    lab.client.room = 3; /* within the first header */
    fake_send(&lab.target, lab.target.in, 1000);
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

/* ---- breakage while nothing can be read or written ------------------------------------------- */

static void test_client_breaks_while_the_target_sleeps(void **unused)
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

static void test_target_breaks_while_the_client_sleeps(void **unused)
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

/* ---- the opening ----------------------------------------------------------------------------- */

static void test_nothing_is_read_before_the_target_is_there(void **unused)
{
    lab_binary(&lab, "early");
    bridge_answer(&lab.bridge, "HTTP", 4, lab.now);
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
        bridge_answer(&lab.bridge, "HTTP", 4, lab.now);
        lab.answer_length = 4;
        lab_attach(&lab);
        bridge_early(&lab.bridge, early, cut, lab.now);
        lab_run(&lab);
        expect_target_got("early");
        assert_int_equal(bridge_ending(&lab.bridge), false);
    }
}

static void test_early_close(void **unused)
{
    uint8_t close[] = {0x88, 0x80, 0, 0, 0, 0};
    bridge_early(&lab.bridge, close, sizeof(close), lab.now);
    expect_close(0);
    assert_true(lab.target.is_shut && lab.client.is_shut);
    expect_reason(REASON_client_closed);
}

static void test_the_answer_blocks(void **unused)
{
    lab.client.room = 2;
    bridge_answer(&lab.bridge, "HTTP", 4, lab.now);
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

/* Found by reading: this was an assertion once. */
static void test_the_answer_fails_before_the_target_is_there(void **unused)
{
    fake_break(&lab.client, REASON_client_reset);
    bridge_answer(&lab.bridge, "HTTP", 4, lab.now);
    expect_reason(REASON_client_reset);
    lab_attach(&lab);
    uint8_t early[] = {0x82, 0x81, 0, 0, 0, 0, 'x'};
    bridge_early(&lab.bridge, early, sizeof(early), lab.now);
    lab_run(&lab);
    expect_target_got("x");
    assert_true(lab.target.is_shut);
    target_says_eof();
    expect_done(REASON_client_reset);
}

static void test_no_target_after_the_answer(void **unused)
{
    bridge_answer(&lab.bridge, "HTTP", 4, lab.now);
    lab.answer_length = 4;
    bridge_end(&lab.bridge, REASON_target_refused, lab.now);
    uint8_t early[] = {0x82, 0x83, 0, 0, 0, 0, 'x'}; /* a frame of which two bytes follow */
    bridge_early(&lab.bridge, early, sizeof(early), lab.now);
    expect_close(1011);
    fake_send(&lab.client, "yz", 2);
    send_close(1011);
    lab_run(&lab);
    assert_true(lab.client.is_shut);
    client_says_eof();
    expect_done(REASON_target_refused);
}

static void test_refusal(void **unused)
{
    lab.client.room = 3;
    bridge_refuse(&lab.bridge, REASON_http_method, "HTTP/1.1 405", 12, lab.now);
    lab.answer_length = 12;
    assert_false(lab.client.is_shut);
    fake_send(&lab.client, "junk that is not a frame", 24);
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    assert_memory_equal(lab.client.out, "HTTP/1.1 405", 12);
    assert_int_equal(lab.client.out_length, 12);
    assert_true(lab.client.is_shut);
    client_says_eof();
    expect_done(REASON_http_method);
}

static void test_refusal_of_a_client_that_is_gone(void **unused)
{
    fake_break(&lab.client, REASON_client_reset);
    bridge_refuse(&lab.bridge, REASON_http_method, "HTTP/1.1 405", 12, lab.now);
    expect_done(REASON_http_method);
}

/* ---- every failure --------------------------------------------------------------------------- */

/* A session with everything in it; whatever fails, it comes to an end with a reason. */
static void live_through_it(void)
{
    lab.client.room = lab.target.room = 2;
    bridge_answer(&lab.bridge, "HTTP", 4, lab.now);
    lab.answer_length = 4;
    lab_attach(&lab);
    lab_binary(&lab, "hello");
    lab_frame(&lab, 0x89, "p", 1);
    lab_frame(&lab, 0x82, lab.target.out, 3000);
    send_close(1000);
    fake_send(&lab.target, "and hello", 9);
    for (int i = 0; i < 1000 && !bridge_done(&lab.bridge); i++) {
        lab_run(&lab);
        lab.client.room = lab.target.room = 7;
        if (lab.target.is_shut)
            target_says_eof();
        if (lab.view.closed)
            client_says_eof();
    }
    assert_true(lab_finish(&lab, 6));
    assert_true(bridge_ending(&lab.bridge));
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
            live_through_it();
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
        live_through_it();
        if (!failing_alloc_disarm())
            break;
        expect_reason(lab.bridge.reason == REASON_client_closed ? REASON_client_closed
                                                                : REASON_out_of_memory);
    }
    assert_true(failures >= 2);
}

static void test_without_memory_both_sides_are_told(void **unused)
{
    lab.target.room = 0;
    lab_binary(&lab, "does not fit");
    failing_alloc_arm(1);
    lab_run(&lab);
    assert_true(failing_alloc_disarm());
    expect_reason(REASON_out_of_memory);
    expect_close(1011);
}

int main(void)
{
#define TEST(name)    cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define OPENING(name) cmocka_unit_test_setup_teardown(name, set_up_waiting, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_bytes_flow),
        TEST(test_target_eof),
        TEST(test_target_read_fails),
        TEST(test_target_write_fails),
        TEST(test_client_close),
        TEST(test_client_close_without_code),
        TEST(test_client_eof),
        TEST(test_client_violation),
        TEST(test_client_read_fails),
        TEST(test_client_write_fails),
        TEST(test_we_end),
        TEST(test_everything_reaches_a_slow_client),
        TEST(test_everything_reaches_a_slow_target),
        TEST(test_both_blocked_is_no_deadlock),
        TEST(test_every_cut),
        TEST(test_a_turn_does_not_go_on_for_ever),
        TEST(test_a_flood_of_pings_costs_one_slot),
        TEST(test_pong_before_the_next_frame),
        TEST(test_client_breaks_while_the_target_sleeps),
        TEST(test_client_breaks_while_the_target_is_slow),
        TEST(test_target_breaks_while_the_client_sleeps),
        TEST(test_broken_target_with_a_stalled_client_ends),
        OPENING(test_nothing_is_read_before_the_target_is_there),
        OPENING(test_early_frames),
        TEST(test_early_close),
        OPENING(test_the_answer_blocks),
        OPENING(test_the_answer_fails_before_the_target_is_there),
        OPENING(test_no_target_after_the_answer),
        OPENING(test_refusal),
        OPENING(test_refusal_of_a_client_that_is_gone),
        OPENING(test_each_call_of_a_transport_fails),
        OPENING(test_each_allocation_fails),
        TEST(test_without_memory_both_sides_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
