/* How a bridge ends whose client sends raw bytes and whose target speaks WebSocket. */
#include "core/bridge/bridge_ending.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/bridge/bridge_check.h"
#include "core/bridge/bridge_time.h"
#include "lib/fake_transport.h"

#define CAPACITY ((size_t)1 << 16)

static struct bridge_scratch scratch;
static struct fake near, far;
static struct bridge bridge;
static uint64_t now;

/* What the far end has got, decoded as its server does. */
static struct {
    uint8_t bytes[CAPACITY];
    size_t length;
    unsigned pongs, pings;
    bool closed;
    uint16_t code;
} got;

static void fill(void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)(i * 37 + 1);
}

static struct ws_keys keys = {.fill = fill};

static void open_bridge(enum bridge_eof eof)
{
    struct bridge_frames *frames = malloc(sizeof(*frames));
    assert_non_null(frames);
    bridge_frames_init(frames, &keys, false);
    now = 1000;
    memset(&got, 0, sizeof(got));
    fake_init(&near, CAPACITY, CAPACITY);
    fake_init(&far, CAPACITY, CAPACITY);
    near.fail_reason = REASON_client_io;
    far.fail_reason = REASON_target_io;
    bridge_init_raw(&bridge, &near.transport, now);
    bridge_attach_framed(&bridge, &far.transport, frames, eof, now);
}

static int set_up(void **unused)
{
    open_bridge(BRIDGE_EOF_CLOSE);
    return 0;
}

static int tear_down(void **unused)
{
    bridge_free(&bridge);
    fake_free(&near);
    fake_free(&far);
    return 0;
}

static unsigned ready(void)
{
    unsigned bits = 0;
    bits |= fake_is_readable(&near) ? BRIDGE_CLIENT_READ : 0;
    bits |= fake_is_writable(&near) ? BRIDGE_CLIENT_WRITE : 0;
    bits |= fake_is_readable(&far) ? BRIDGE_TARGET_READ : 0;
    bits |= fake_is_writable(&far) ? BRIDGE_TARGET_WRITE : 0;
    return bits & bridge_want(&bridge);
}

static void decode(void)
{
    static uint8_t copy[CAPACITY];
    struct ws_decoder decoder;
    struct ws_window window = {.base = copy, .end = far.out_length};
    memcpy(copy, far.out, far.out_length);
    memset(&got, 0, sizeof(got));
    ws_frame_decoder_init(&decoder, true, false);
    for (;;) {
        enum ws_event event = ws_frame_decode(&decoder, &window);
        assert_int_not_equal(event, WS_VIOLATION);
        got.pongs += event == WS_PONG;
        got.pings += event == WS_PING;
        got.closed = event == WS_CLOSE;
        got.code = decoder.close_code;
        if (event == WS_DRAINED || event == WS_CLOSE)
            break;
    }
    ws_frame_free_control(&decoder);
    got.length = window.out;
    memcpy(got.bytes, copy, window.out);
}

static void run(void)
{
    for (unsigned bits; (bits = ready()) != 0;) {
        const struct bridge before = bridge;
        bridge_turn(&bridge, &scratch, bits, now);
        assert_null(bridge_check_state(&bridge));
        assert_null(bridge_check_change(&before, &bridge));
        assert_null(bridge_check_settled(&bridge));
    }
    decode();
}

static void near_sends(const char *text)
{
    fake_send(&near, text, strlen(text));
}

static void far_sends(const char *bytes, size_t length)
{
    fake_send(&far, bytes, length);
}

#define FAR_SENDS(literal) far_sends(literal, sizeof(literal) - 1)

static void expect_far_got(const char *text)
{
    assert_int_equal(got.length, strlen(text));
    assert_memory_equal(got.bytes, text, strlen(text));
}

static void expect_near_got(const char *text)
{
    assert_int_equal(near.out_length, strlen(text));
    assert_memory_equal(near.out, text, strlen(text));
}

static void expect_done(enum reason reason)
{
    run();
    assert_string_equal(reason_row(bridge.reason)->name, reason_row(reason)->name);
    assert_true(bridge_is_done(&bridge));
}

static void test_bytes_both_ways(void **unused)
{
    near_sends("up");
    FAR_SENDS("\x82\x04"
              "down");
    run();
    expect_far_got("up");
    expect_near_got("down");
    assert_int_equal(bridge.up.bytes, 2);
    assert_int_equal(bridge.down.bytes, 4);
}

static void test_large_bytes_survive_a_slow_sink(void **unused)
{
    static char text[20000];
    memset(text, 'x', sizeof(text) - 1);
    far.room = 7;
    near_sends(text);
    run();
    assert_true(bridge.up.blocked);
    far.room = CAPACITY;
    run();
    expect_far_got(text);
}

static void test_the_end_of_the_near_side_is_a_close(void **unused)
{
    near_sends("last");
    near.in_end = io_status(IO_EOF);
    run();
    expect_far_got("last");
    assert_true(got.closed);
    assert_int_equal(got.code, 1000);
    assert_false(far.is_shut);
    FAR_SENDS("\x82\x05reply\x88\x02\x03\xE8");
    run();
    expect_near_got("reply");
    assert_true(near.is_shut && far.is_shut);
    far.in_end = io_status(IO_EOF);
    expect_done(REASON_client_eof);
}

static void test_the_end_of_the_near_side_is_a_fin_alone(void **unused)
{
    tear_down(NULL);
    open_bridge(BRIDGE_EOF_FIN);
    near_sends("last");
    near.in_end = io_status(IO_EOF);
    run();
    expect_far_got("last");
    assert_false(got.closed);
    assert_true(far.is_shut);
    assert_false(near.is_shut);
    FAR_SENDS("\x82\x05reply\x89\x00\x88\x02\x03\xE8");
    far.in_end = io_status(IO_EOF);
    expect_done(REASON_client_eof);
    expect_near_got("reply");
}

/* The deadline moves on with each reply: nothing of it is cut. */
static void test_a_slow_reply_after_the_fin(void **unused)
{
    const struct bridge_times times = {.close_timeout = 5000};
    const struct bridge_unsent none = {0};
    tear_down(NULL);
    open_bridge(BRIDGE_EOF_FIN);
    near.in_end = io_status(IO_EOF);
    run();
    for (int i = 0; i < 5; i++) {
        now += 4000;
        FAR_SENDS("\x82\x01x");
        run();
        assert_true(bridge_time_tick(&bridge, &none, &times, now) > now);
    }
    expect_near_got("xxxxx");
}

static void test_a_close_of_the_far_side(void **unused)
{
    FAR_SENDS("\x82\x04last\x88\x05\x0F\xA1why");
    run();
    expect_near_got("last");
    assert_true(near.is_shut);
    assert_true(got.closed);
    assert_int_equal(got.code, 4001);
    assert_true(bridge.target.closed);
    near.in_end = far.in_end = io_status(IO_EOF);
    expect_done(REASON_target_closed);
}

/* Its input need not end first: a terminal's does not. */
static void test_a_near_side_that_does_not_linger(void **unused)
{
    bridge.client.lingers = false;
    FAR_SENDS("\x88\x02\x03\xE8");
    far.in_end = io_status(IO_EOF);
    expect_done(REASON_target_closed);
}

static void test_a_far_side_that_hangs_up(void **unused)
{
    bridge.client.lingers = false;
    FAR_SENDS("\x82\x04last");
    far.in_end = io_status(IO_EOF);
    expect_done(REASON_target_eof);
    expect_near_got("last");
}

static void test_a_masked_frame_of_a_server(void **unused)
{
    FAR_SENDS("\x82\x81\x01\x01\x01\x01x");
    run();
    assert_int_equal(bridge.reason, REASON_target_frames);
    assert_int_equal(bridge_violation_of_target(&bridge), REASON_ws_masked);
    assert_true(got.closed);
    assert_int_equal(got.code, 1002);
    assert_true(near.is_shut);
    near.in_end = far.in_end = io_status(IO_EOF);
    expect_done(REASON_target_frames);
    expect_near_got("");
}

static void test_a_ping_gets_a_masked_pong(void **unused)
{
    FAR_SENDS("\x89\x02hi");
    run();
    assert_int_equal(got.pongs, 1);
}

static void test_a_silent_far_side_is_pinged(void **unused)
{
    const struct bridge_times times = {
        .close_timeout = 5000, .ping_interval = 30000, .ping_timeout = 15000};
    const struct bridge_unsent none = {0};
    uint64_t next = bridge_time_tick(&bridge, &none, &times, now);
    assert_int_equal(next, now + 30000);
    now = next;
    next = bridge_time_tick(&bridge, &none, &times, now);
    decode();
    assert_int_equal(got.pings, 1);
    now = next;
    assert_true(bridge_time_tick(&bridge, &none, &times, now) >= now);
    run();
    assert_int_equal(bridge.reason, REASON_target_dead);
    assert_true(got.closed);
}

static void test_an_end_of_ours(void **unused)
{
    bridge_end(&bridge, REASON_shutdown, now);
    run();
    bridge_turn(&bridge, &scratch, 0, now);
    decode();
    assert_true(got.closed);
    assert_int_equal(got.code, 1001);
    FAR_SENDS("\x82\x04last\x88\x02\x03\xE9");
    run();
    expect_near_got("last");
    near.in_end = far.in_end = io_status(IO_EOF);
    expect_done(REASON_shutdown);
}

static void test_a_near_side_that_is_gone(void **unused)
{
    near.broken = REASON_client_io;
    FAR_SENDS("\x82\x04lost");
    run();
    near.in_end = io_fail(REASON_client_io);
    run();
    assert_true(got.closed);
    FAR_SENDS("\x88\x02\x03\xE8");
    far.in_end = io_status(IO_EOF);
    expect_done(REASON_client_io);
}

/* ---- an end of the near side that is not told ---- */

static void wait_for_the_far_side(void)
{
    tear_down(NULL);
    open_bridge(BRIDGE_EOF_WAIT);
    near_sends("last");
    near.in_end = io_status(IO_EOF);
    run();
    assert_true(bridge.client.in_done);
}

static void expect_nothing_told(void)
{
    run();
    expect_far_got("last");
    assert_false(got.closed || far.is_shut || near.is_shut);
    assert_int_equal(bridge.reason, REASON_none);
    assert_int_equal(bridge_want(&bridge), BRIDGE_TARGET_READ);
}

static void test_the_far_side_is_told_nothing(void **unused)
{
    wait_for_the_far_side();
    expect_nothing_told();
    FAR_SENDS("\x82\x05reply\x89\x02hi");
    expect_nothing_told();
    assert_int_equal(got.pongs, 1);
    FAR_SENDS("\x82\x01!\x88\x02\x03\xE8");
    run();
    expect_near_got("reply!");
    assert_true(got.closed && near.is_shut);
    assert_int_equal(got.code, 1000);
    assert_true(bridge.target.closed);
    far.in_end = io_status(IO_EOF);
    expect_done(REASON_target_closed);
}

/* What the far side sends is cut at `cut`, and the near side ends in between. */
static void end_between(size_t cut, size_t room, bool sealed)
{
    static const char reply[] = "\x82\x02re\x89\x01?\x02\x01p\x80\x02ly\x88\x05\x03\xE8"
                                "bye";
    tear_down(NULL);
    open_bridge(BRIDGE_EOF_WAIT);
    far.sealed = near.sealed = sealed;
    far.room = near.room = room;
    far.arrived = cut;
    far_sends(reply, sizeof(reply) - 1);
    far.in_end = io_status(IO_EOF);
    near_sends("last");
    near.in_end = io_status(IO_EOF);
    for (size_t i = 0; i < sizeof(reply) + 64; i++) {
        unsigned bits = ready();
        if (bits != 0)
            bridge_turn(&bridge, &scratch, bits, now);
        assert_null(bridge_check_state(&bridge));
        assert_null(bridge_check_settled(&bridge));
        far.room++;
        near.room++;
    }
    assert_false(far.is_shut);
    far.arrived = far.room = near.room = FAKE_NO_LIMIT;
    expect_done(REASON_target_closed);
    expect_far_got("last");
    expect_near_got("reply");
    assert_int_equal(got.pongs, 1);
    assert_true(got.closed && near.is_shut);
}

static void test_each_cut_around_the_end(void **unused)
{
    for (size_t cut = 0; cut < 21; cut++)
        for (size_t room = 0; room < 12; room++) {
            end_between(cut, room, false);
            end_between(cut, room, true);
        }
}

static void test_no_deadline_cuts_the_wait(void **unused)
{
    const struct bridge_times times = {.close_timeout = 1};
    const struct bridge_unsent none = {0};
    wait_for_the_far_side();
    for (int i = 0; i < 3; i++) {
        now += 3600 * 1000;
        assert_int_equal(bridge_time_tick(&bridge, &none, &times, now), 0);
        FAR_SENDS("\x82\x01x");
        expect_nothing_told();
    }
    expect_near_got("xxx");
}

static void test_limits_end_the_wait(void **unused)
{
    const struct bridge_times times = {.close_timeout = 5000, .idle_timeout = 60000};
    const struct bridge_unsent none = {0};
    wait_for_the_far_side();
    now += 50000;
    FAR_SENDS("\x82\x01x");
    expect_nothing_told();
    assert_int_equal(bridge_time_tick(&bridge, &none, &times, now), now + 60000);
    now += 60000;
    assert_true(bridge_time_tick(&bridge, &none, &times, now) >= now);
    run();
    assert_int_equal(bridge.reason, REASON_idle_timeout);
    assert_true(got.closed);
    FAR_SENDS("\x82\x04last\x88\x00");
    far.in_end = io_status(IO_EOF);
    expect_done(REASON_idle_timeout);
    expect_near_got("xlast");
}

static void test_pings_go_on_during_the_wait(void **unused)
{
    const struct bridge_times times = {
        .close_timeout = 5000, .ping_interval = 30000, .ping_timeout = 15000};
    const struct bridge_unsent none = {0};
    wait_for_the_far_side();
    for (unsigned i = 1; i < 4; i++) {
        now += 30000;
        assert_true(bridge_time_tick(&bridge, &none, &times, now) > now);
        FAR_SENDS("\x8A\x00");
        expect_nothing_told();
        assert_int_equal(got.pings, i);
    }
    now = bridge_time_tick(&bridge, &none, &times, now);
    now = bridge_time_tick(&bridge, &none, &times, now);
    assert_true(bridge_time_tick(&bridge, &none, &times, now) >= now);
    assert_int_equal(bridge.reason, REASON_target_dead);
}

static void test_a_far_side_that_hangs_up_ends_the_wait(void **unused)
{
    for (int lingers = 0; lingers < 2; lingers++) {
        wait_for_the_far_side();
        bridge.client.lingers = lingers;
        FAR_SENDS("\x82\x05reply");
        far.in_end = io_status(IO_EOF);
        expect_done(REASON_target_eof);
        expect_near_got("reply");
        wait_for_the_far_side();
        fake_break(&far, REASON_target_reset);
        expect_done(REASON_target_reset);
        wait_for_the_far_side();
        far.broken = REASON_target_io;
        FAR_SENDS("\x89\x00");
        run();
        far.in_end = io_status(IO_EOF);
        expect_done(REASON_target_io);
    }
}

static void test_a_fault_of_the_far_side_ends_the_wait(void **unused)
{
    wait_for_the_far_side();
    FAR_SENDS("\x82\x81\x01\x01\x01\x01x");
    run();
    assert_int_equal(got.code, 1002);
    far.in_end = io_status(IO_EOF);
    expect_done(REASON_target_frames);
}

static void test_an_end_of_ours_ends_the_wait(void **unused)
{
    wait_for_the_far_side();
    bridge_end(&bridge, REASON_shutdown, now);
    bridge_turn(&bridge, &scratch, 0, now);
    run();
    assert_int_equal(got.code, 1001);
    FAR_SENDS("\x82\x05reply\x88\x02\x03\xE9");
    far.in_end = io_status(IO_EOF);
    expect_done(REASON_shutdown);
    expect_near_got("reply");
}

/* It has not only finished sending: a write fails, or the system says so. */
static void test_a_near_side_that_is_gone_ends_the_wait(void **unused)
{
    wait_for_the_far_side();
    near.broken = REASON_client_reset;
    FAR_SENDS("\x82\x04lost");
    run();
    assert_int_equal(bridge.reason, REASON_client_reset);
    assert_int_equal(got.code, 1001);
    FAR_SENDS("\x88\x02\x03\xE9");
    far.in_end = io_status(IO_EOF);
    expect_done(REASON_client_reset);

    wait_for_the_far_side();
    bridge_turn(&bridge, &scratch, BRIDGE_CLIENT_BROKEN, now);
    run();
    assert_int_equal(got.code, 1001);
    far.in_end = io_status(IO_EOF);
    expect_done(REASON_client_reset);
}

/* Its read fails: that is no EOF. */
static void test_a_broken_near_side_is_told(void **unused)
{
    tear_down(NULL);
    open_bridge(BRIDGE_EOF_WAIT);
    fake_break(&near, REASON_client_reset);
    run();
    assert_int_equal(bridge.reason, REASON_client_reset);
    assert_int_equal(got.code, 1001);
}

/* Once the session ends for another reason, an EOF is an end like others. */
static void test_the_far_side_ends_first(void **unused)
{
    tear_down(NULL);
    open_bridge(BRIDGE_EOF_WAIT);
    far.in_end = io_status(IO_EOF);
    run();
    assert_true(near.is_shut);
    assert_false(bridge_is_done(&bridge));
    near_sends("last");
    near.in_end = io_status(IO_EOF);
    expect_done(REASON_target_eof);
    expect_far_got("last");
}

static void expect_damaged(const struct bridge *damaged, const char *text)
{
    const char *broken = bridge_check_state(damaged);
    assert_non_null(broken);
    assert_string_equal(broken, text);
}

static void test_what_the_wait_allows(void **unused)
{
    static const char open[] = "an end is noted only with a reason";
    wait_for_the_far_side();
    struct bridge damaged = bridge;
    damaged.target.eof = BRIDGE_EOF_FIN;
    expect_damaged(&damaged, open);
    damaged = bridge;
    damaged.client.over = true;
    expect_damaged(&damaged, open);
    damaged = bridge;
    damaged.target.in_done = true;
    expect_damaged(&damaged, open);
    damaged = bridge;
    damaged.reason = REASON_shutdown;
    expect_damaged(&damaged, "nothing comes from an end that is read to its end");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_bytes_both_ways),
        TEST(test_large_bytes_survive_a_slow_sink),
        TEST(test_the_end_of_the_near_side_is_a_close),
        TEST(test_the_end_of_the_near_side_is_a_fin_alone),
        TEST(test_a_slow_reply_after_the_fin),
        TEST(test_a_close_of_the_far_side),
        TEST(test_a_near_side_that_does_not_linger),
        TEST(test_a_far_side_that_hangs_up),
        TEST(test_a_masked_frame_of_a_server),
        TEST(test_a_ping_gets_a_masked_pong),
        TEST(test_a_silent_far_side_is_pinged),
        TEST(test_an_end_of_ours),
        TEST(test_a_near_side_that_is_gone),
        TEST(test_the_far_side_is_told_nothing),
        TEST(test_each_cut_around_the_end),
        TEST(test_no_deadline_cuts_the_wait),
        TEST(test_limits_end_the_wait),
        TEST(test_pings_go_on_during_the_wait),
        TEST(test_a_far_side_that_hangs_up_ends_the_wait),
        TEST(test_a_fault_of_the_far_side_ends_the_wait),
        TEST(test_an_end_of_ours_ends_the_wait),
        TEST(test_a_near_side_that_is_gone_ends_the_wait),
        TEST(test_a_broken_near_side_is_told),
        TEST(test_the_far_side_ends_first),
        TEST(test_what_the_wait_allows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
