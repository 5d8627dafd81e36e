/* An observer of a bridge gets every byte once, and can block the bridge without a loss. */
#include "core/bridge/bridge_time.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/bridge_expect.h"

#define CAPACITY ((size_t)3 << 20)
#define ROOM     256

static struct observer {
    struct bridge_tap tap;
    char seen[2][ROOM]; /* target's, client's */
    char marks[ROOM];
    size_t full_after; /* so many runs; 0: never */
    size_t runs;
    uint64_t at;
} observer;

static void append(char text[static ROOM], struct slice more)
{
    size_t used = strlen(text);
    snprintf(text + used, ROOM - used, "%.*s", (int)more.len, more.ptr ? more.ptr : "");
}

static bool on_payload(struct bridge_tap *tap, const struct bridge_payload *run, uint64_t now)
{
    struct observer *self = WSL_CONTAINER(tap, struct observer, tap);
    assert_ptr_equal(self, &observer);
    append(self->seen[run->from_client], run->bytes);
    if (run->bytes.len > 0)
        append(self->marks, slice_of(run->from_client ? "}" : "{"));
    if (run->partial || !run->taken)
        append(self->marks, SLICE("."));
    append(self->marks, slice_of(run->from_client ? ">" : "<"));
    self->at = now;
    self->tap.full = ++self->runs == self->full_after;
    return run->bytes.len > 0 && run->bytes.ptr[0] == '!';
}

static int set_up(void **unused)
{
    lab_init(&lab, &scratch, CAPACITY);
    lab_attach(&lab);
    observer = (struct observer){.tap.on_payload = on_payload};
    lab.bridge.tap = &observer.tap;
    return 0;
}

static int tear_down(void **unused)
{
    lab_free(&lab);
    return 0;
}

static void test_both_directions_are_seen(void **unused)
{
    lab.now = 4000;
    lab_binary(&lab, "ping ");
    lab_frame(&lab, 0x89, "not payload", 11);
    lab_binary(&lab, "me");
    fake_send(&lab.target, "pong you", 8);
    lab_run(&lab);
    assert_string_equal(observer.seen[true], "ping me");
    assert_string_equal(observer.seen[false], "pong you");
    assert_string_equal(observer.marks, "}>{<");
    assert_int_equal(observer.at, 4000);
}

static void test_a_frame_in_pieces(void **unused)
{
    lab_binary(&lab, "in two");
    lab.client.arrived = lab.client.in_length - 3;
    lab_run(&lab);
    assert_string_equal(observer.marks, "}.>");
    lab.client.arrived = FAKE_NO_LIMIT;
    lab_run(&lab);
    assert_string_equal(observer.marks, "}.>}>");
    assert_string_equal(observer.seen[true], "in two");
}

static void test_what_a_slow_reader_takes(void **unused)
{
    lab.client.room = 5;
    fake_send(&lab.target, "slowly", 6);
    lab_run(&lab);
    assert_string_equal(observer.marks, "{.<");
    lab.client.room = 2;
    lab_run(&lab);
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    assert_string_equal(observer.marks, "{.<.<<");
    assert_string_equal(observer.seen[false], "slowly"); /* once */
    expect_client_got("slowly");
}

/* Only the tap knows what is input. */
static void test_input_as_the_tap_says(void **unused)
{
    lab.now = 4000;
    lab_binary(&lab, "no input");
    fake_send(&lab.target, "! of the target", 15);
    lab_run(&lab);
    assert_int_equal(lab.bridge.input_at, 1000);
    assert_int_equal(lab.bridge.moved_at, 4000);
    lab_binary(&lab, "!");
    lab_run(&lab);
    assert_int_equal(lab.bridge.input_at, 4000);
}

static void test_a_full_tap_stops_both_sides(void **unused)
{
    observer.full_after = 1;
    lab_binary(&lab, "one");
    lab_run(&lab);
    lab_binary(&lab, "two");
    fake_send(&lab.target, "three", 5);
    lab_run(&lab);
    assert_int_equal(bridge_want(&lab.bridge), 0);
    expect_target_got("one");
    expect_client_got("");

    observer.tap.full = false;
    lab_turn(&lab, BRIDGE_CLIENT_READ | BRIDGE_TARGET_READ);
    lab_run(&lab);
    expect_target_got("onetwo");
    expect_client_got("three");
}

/* Pongs may lie unread while the tap is full, so the client is not dead. */
static void test_a_stopped_client_is_not_dead(void **unused)
{
    lab.times.ping_interval = 1000;
    lab.times.ping_timeout = 500;
    observer.full_after = 1;
    lab_binary(&lab, "one");
    lab_run(&lab);
    for (int i = 0; i < 5; i++) {
        lab.now += 1000;
        (void)!lab_tick(&lab, 0);
        lab_run(&lab);
    }
    assert_false(bridge_is_ending(&lab.bridge));
    assert_int_equal(lab.view.pings, 0);
}

static void test_a_full_tap_does_not_stop_the_end(void **unused)
{
    observer.full_after = 1;
    lab_binary(&lab, "one");
    lab_run(&lab);
    bridge_end(&lab.bridge, REASON_shutdown, lab.now);
    assert_true(lab_finish(&lab, 4));
    expect_reason(REASON_shutdown);
    expect_close(1001);
}

/* A disk that hangs blocks the bridge only until the deadline. */
static void test_a_tap_that_stays_full(void **unused)
{
    const struct bridge_unsent unsent = {0};
    lab.times.stall_timeout = 120000;
    observer.full_after = 1;
    lab_binary(&lab, "one");
    lab_run(&lab);
    uint64_t held_at = lab.now;
    while (!bridge_is_ending(&lab.bridge) && lab.now < held_at + 1000000) {
        uint64_t next = bridge_time_tick(&lab.bridge, &unsent, &lab.times, lab.now);
        lab.now = next > lab.now ? next : lab.now;
    }
    assert_in_range(lab.now, held_at + 120000, held_at + 150000);
    assert_true(lab_finish(&lab, 4));
    expect_reason(REASON_recording_stalled);
    expect_close(1011);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_both_directions_are_seen),     TEST(test_a_frame_in_pieces),
        TEST(test_what_a_slow_reader_takes),     TEST(test_a_full_tap_stops_both_sides),
        TEST(test_a_stopped_client_is_not_dead), TEST(test_a_full_tap_does_not_stop_the_end),
        TEST(test_a_tap_that_stays_full),        TEST(test_input_as_the_tap_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
