/* The control frames of one end, as a server and as a client. */
#include "core/bridge/bridge_frames.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PING  "\x89\x02hi"
#define PONG  "\x8A\x00"
#define KEYED 0x80

static void fill(void *bytes, size_t length)
{
    memset(bytes, 0x55, length);
}

static enum ws_event receive(struct bridge_frames *frames, const void *bytes, size_t length)
{
    uint8_t buffer[64];
    memcpy(buffer, bytes, length);
    struct ws_window window = {.base = buffer, .end = length};
    return ws_frame_decode(&frames->decoder, &window);
}

static void test_a_client_masks_what_it_sends(void **unused)
{
    static const uint8_t masked[] = {'h' ^ 0x55, 'i' ^ 0x55};
    struct ws_keys keys = {.fill = fill};
    struct bridge_frames frames;
    uint8_t out[WS_CONTROL_FRAME_MAX], bytes[WS_HEADER_MAX + 2], *payload = bytes + WS_HEADER_MAX;
    bridge_frames_init(&frames, &keys, false);
    memcpy(payload, "hi", 2);
    uint8_t *begin = bridge_frames_before(&frames, payload, 2);
    assert_int_equal(payload - begin, 6);
    assert_int_equal(begin[1], KEYED | 2);
    assert_memory_equal(payload, masked, 2);
    assert_int_equal(bridge_frames_close(&frames, out, 1000, ""), 2 + 4 + 2);
    assert_int_equal(out[1], KEYED | 2);
    assert_int_equal(bridge_frames_encode(&frames, out, WS_OP_PONG, SLICE("hi")), 2 + 4 + 2);
    assert_memory_equal(out + 6, masked, 2);
}

static void test_a_server_does_not(void **unused)
{
    struct bridge_frames frames;
    uint8_t out[WS_CONTROL_FRAME_MAX];
    bridge_frames_init(&frames, NULL, false);
    assert_int_equal(bridge_frames_encode(&frames, out, WS_OP_PING, SLICE("hi")), 4);
    assert_memory_equal(out, PING, 4);
    assert_int_equal(bridge_frames_close(&frames, out, 0, ""), 2);
}

static void test_a_ping_is_answered_with_its_payload(void **unused)
{
    struct ws_keys keys = {.fill = fill};
    struct bridge_frames frames;
    bridge_frames_init(&frames, &keys, false);
    enum ws_event event = receive(&frames, PING, 4);
    assert_int_equal(event, WS_PING);
    assert_true(slice_equal(bridge_frames_received(&frames), SLICE("hi")));
    assert_false(bridge_frames_control(&frames, event, 5));
    assert_int_equal(frames.slot_length, 2 + 4 + 2);
    assert_int_equal(frames.slot[0], 0x8A);
    assert_null(frames.decoder.control); /* most sessions have none for long */
    bridge_frames_free(&frames);
}

static void test_a_round_trip_is_measured_once(void **unused)
{
    struct ws_keys keys = {.fill = fill};
    struct bridge_frames frames;
    bridge_frames_init(&frames, &keys, false);
    bridge_frames_ping(&frames, 100);
    assert_int_equal(frames.slot_length, 2 + 4);
    assert_int_equal(frames.pinged_at, 100);
    bridge_frames_heard(&frames, 130);
    assert_int_equal(frames.pinged_at, 0);
    assert_int_equal(receive(&frames, PONG, 2), WS_PONG);
    assert_true(bridge_frames_control(&frames, WS_PONG, 130));
    assert_int_equal(frames.round_trip, 31);
    assert_false(bridge_frames_control(&frames, WS_PONG, 140));
    bridge_frames_free(&frames);
}

static void test_a_pong_with_payload_is_the_peers_own(void **unused)
{
    struct ws_keys keys = {.fill = fill};
    struct bridge_frames frames;
    bridge_frames_init(&frames, &keys, false);
    bridge_frames_ping(&frames, 100);
    assert_int_equal(receive(&frames, "\x8A\x01x", 3), WS_PONG);
    assert_false(bridge_frames_control(&frames, WS_PONG, 130));
    assert_int_equal(frames.round_trip, 0);
    bridge_frames_free(&frames);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_client_masks_what_it_sends),
        cmocka_unit_test(test_a_server_does_not),
        cmocka_unit_test(test_a_ping_is_answered_with_its_payload),
        cmocka_unit_test(test_a_round_trip_is_measured_once),
        cmocka_unit_test(test_a_pong_with_payload_is_the_peers_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
