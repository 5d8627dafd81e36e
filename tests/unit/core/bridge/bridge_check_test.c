/* Each invariant can fail: one damaged field per rule. */
#include "core/bridge/bridge_check.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/bridge_expect.h"

#define CAPACITY ((size_t)1 << 16)

static struct bridge damaged;

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

/* The bridge of the lab passes; the damaged copy fails with this text. */
static void expect_broken(const char *text)
{
    assert_null(bridge_check_state(&lab.bridge));
    const char *broken = bridge_check_state(&damaged);
    assert_non_null(broken);
    assert_string_equal(broken, text);
}

#define DAMAGE(assignment, text)                                                                   \
    do {                                                                                           \
        damaged = lab.bridge;                                                                      \
        damaged.assignment;                                                                        \
        expect_broken(text);                                                                       \
    } while (0)

static void fill_the_carries(void)
{
    lab.client.room = 3;
    fake_send(&lab.target, "carried", 7);
    lab_run(&lab);
    assert_non_null(lab.bridge.down.carry);
}

/* ---- pipes ---- */

static void test_free_pipes(void **unused)
{
    DAMAGE(up.state = PIPE_BROKEN + 1, "a pipe's state is one of enum pipe_state");
    DAMAGE(up.carry = damaged.frames.decoder.header, "a carry has a length");
    DAMAGE(up.carry_length = 1, "a carry has a length");
    DAMAGE(up.carry_at = 1, "a carry has bytes left");
    DAMAGE(up.state = PIPE_WAITING, "a pipe has a sink unless it waits for one or is broken");
    DAMAGE(up.sink = NULL, "a pipe has a sink unless it waits for one or is broken");
}

static void test_blocked_pipes(void **unused)
{
    fill_the_carries();
    DAMAGE(down.carry = NULL, "a carry has a length");
    DAMAGE(down.carry_at = damaged.down.carry_length, "a carry has bytes left");
    DAMAGE(down.carry_length = PIPE_SEND_MAX + 1, "a carry is no longer than one send");
    DAMAGE(down.blocked = false, "a pipe with a carry is blocked");
    DAMAGE(down.state = PIPE_SHUT, "only a pipe that writes is blocked");
    DAMAGE(down.state = PIPE_BROKEN, "only a pipe that writes is blocked");
    DAMAGE(down.stalled_at = 0, "a stall begins and ends with being blocked");
    DAMAGE(up.stalled_at = 1, "a stall begins and ends with being blocked");
    DAMAGE(frames.ping_out_at = 1, "no round trip is measured across a stall");
}

static void test_up_carries_payload_only(void **unused)
{
    lab.target.room = 0;
    lab_binary(&lab, "payload");
    lab_run(&lab);
    DAMAGE(up.bytes = 6, "up carries payload only");
}

/* ---- the bridge ---- */

static void test_open(void **unused)
{
    DAMAGE(reason = REASON_COUNT, "the reason is one of enum reason");
    DAMAGE(up.state = PIPE_ENDING, "a direction ends only with a reason");
    DAMAGE(down.state = PIPE_BROKEN, "a direction ends only with a reason");
    DAMAGE(client.in_done = true, "an end is noted only with a reason");
    DAMAGE(target.in_done = true, "an end is noted only with a reason");
    DAMAGE(client.over = true, "an end is noted only with a reason");
    DAMAGE(client.close_sent = true, "an end is noted only with a reason");
    DAMAGE(progress_at = 1, "the clock of the end runs only with a reason");
    DAMAGE(longest_step = 1, "the clock of the end runs only with a reason");
    DAMAGE(client.transport = NULL, "down writes to the client");
    DAMAGE(down.sink = &lab.target.transport, "down writes to the client");
    DAMAGE(target.transport = NULL, "up writes to the target");
    DAMAGE(frames.slot_length = 1, "the slot holds one whole control frame or none");
    DAMAGE(frames.slot_length = 2, "the slot holds one whole control frame or none");
    DAMAGE(frames.slot = damaged.frames.decoder.header,
           "the slot holds one whole control frame or none");
    DAMAGE(frames.slot_length = WS_CONTROL_FRAME_MAX + 1,
           "the slot holds one whole control frame or none");
    DAMAGE(frames.received_at = damaged.opened_at - 1, "nothing moves before the bridge opens");
    DAMAGE(moved_at = damaged.opened_at - 1, "nothing moves before the bridge opens");
}

static void test_ending(void **unused)
{
    target_sends_eof();
    lab_run(&lab);
    assert_int_equal(lab.bridge.reason, REASON_target_closed);
    DAMAGE(client.in_done = true, "nothing comes from an end that is read to its end");
    DAMAGE(client.over = true, "a direction ends with its source");
    DAMAGE(up.state = PIPE_ENDING, "a source is over when its direction ends");
    DAMAGE(up.state = PIPE_SHUT, "a source is over when its direction ends");
    DAMAGE(down.state = PIPE_FLOWING, "no bytes follow a Close");
    DAMAGE(down.state = PIPE_SHUT, "FIN to a WebSocket follows both Closes");
    damaged = lab.bridge;
    damaged.target.in_done = damaged.target.over = false;
    damaged.down.state = PIPE_FLOWING;
    expect_broken("no bytes follow a Close");
}

static void test_finished(void **unused)
{
    client_sends_eof();
    target_sends_eof();
    expect_done(REASON_client_eof);
    assert_null(bridge_check_settled(&lab.bridge));
    DAMAGE(up.blocked = true, "only a pipe that writes is blocked");
}

/* ---- settled ---- */

static void expect_unsettled(const char *text)
{
    assert_null(bridge_check_settled(&lab.bridge));
    const char *broken = bridge_check_settled(&damaged);
    assert_non_null(broken);
    assert_string_equal(broken, text);
}

static void test_settled(void **unused)
{
    damaged = lab.bridge;
    damaged.frames.slot_length = 2;
    expect_unsettled("a control frame waits only for its turn");
    damaged = lab.bridge;
    damaged.up.state = PIPE_ENDING;
    expect_unsettled("FIN waits only for its socket");
    damaged = lab.bridge;
    damaged.down.state = PIPE_ENDING;
    expect_unsettled("our Close waits only for its socket");
    damaged.client.close_sent = damaged.client.over = true;
    expect_unsettled("FIN to a WebSocket waits only for its frames");
}

static void test_wants_an_event_in_every_state(void **unused)
{
    damaged = lab.bridge;
    damaged.client.in_done = damaged.target.in_done = true;
    expect_unsettled("a bridge that is not done waits for something");
}

/* ---- changes by a turn ---- */

static void expect_refused(const struct bridge *before, const char *text)
{
    const char *broken = bridge_check_change(before, &damaged);
    assert_non_null(broken);
    assert_string_equal(broken, text);
}

#define CHANGE(assignment, text)                                                                   \
    do {                                                                                           \
        damaged = lab.bridge;                                                                      \
        assert_null(bridge_check_change(&lab.bridge, &damaged));                                   \
        damaged.assignment;                                                                        \
        expect_refused(&lab.bridge, text);                                                         \
    } while (0)

static void test_change_of_an_open_bridge(void **unused)
{
    lab_binary(&lab, "bytes");
    lab_run(&lab);
    CHANGE(up.state = PIPE_WAITING, "a pipe's state moves forward");
    CHANGE(up.bytes = 4, "the bytes of a direction only grow");
    CHANGE(down.sink = NULL, "a pipe keeps its sink");
    CHANGE(frames.received_at -= 1, "times only grow");
    CHANGE(moved_at -= 1, "times only grow");
    CHANGE(opened_at += 1, "a bridge opens once");
}

static void test_change_of_an_ending_bridge(void **unused)
{
    target_sends_eof();
    lab_run(&lab);
    CHANGE(down.state = PIPE_FLOWING, "a pipe's state moves forward");
    CHANGE(down.bytes += 1, "only a pipe that flows takes bytes");
    CHANGE(reason = REASON_shutdown, "the first reason stays");
    CHANGE(reason = REASON_none, "the first reason stays");
    CHANGE(target.in_done = false, "what is over stays over");
    CHANGE(client.close_sent = false, "what is over stays over");
    CHANGE(progress_at -= 1, "times only grow");
    struct bridge before = lab.bridge;
    before.longest_step = 1;
    damaged = lab.bridge;
    expect_refused(&before, "the longest step only grows");
}

static void test_change_of_a_bridge_after_the_clients_close(void **unused)
{
    send_close(1000);
    lab_run(&lab);
    CHANGE(client.over = false, "what is over stays over");
    CHANGE(up.state = PIPE_ENDING, "a pipe's state moves forward");
    client_sends_eof();
    lab_run(&lab);
    CHANGE(client.in_done = false, "what is over stays over");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_free_pipes),
        TEST(test_blocked_pipes),
        TEST(test_up_carries_payload_only),
        TEST(test_open),
        TEST(test_ending),
        TEST(test_finished),
        TEST(test_settled),
        TEST(test_wants_an_event_in_every_state),
        TEST(test_change_of_an_open_bridge),
        TEST(test_change_of_an_ending_bridge),
        TEST(test_change_of_a_bridge_after_the_clients_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
