/* The first bytes of a target, which were read before the bridge had it. */
#include "core/bridge/bridge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/bridge_expect.h"
#include "lib/failing_alloc.h"

#define CAPACITY ((size_t)1 << 20)
#define HEAD     "HTTP/1.1 101 Switching Protocols\r\n\r\n"

static int set_up(void **unused)
{
    lab_init(&lab, &scratch, CAPACITY);
    lab.answer_length = sizeof(HEAD) - 1;
    return 0;
}

static int tear_down(void **unused)
{
    failing_alloc_arm(0);
    lab_free(&lab);
    return 0;
}

/* As the connection attempt hands it over: in the scratch, with its room in front. */
static void take_banner(size_t length)
{
    for (size_t i = 0; i < length; i++)
        scratch.buffer[i] = (uint8_t)(i * 7);
    fake_send(&lab.target, scratch.buffer, length);
    lab.target.in_at += length; /* it was read already */
    lab_attach(&lab);
    bridge_take_first(&lab.bridge, scratch.buffer, length, lab.now);
    lab_check(&lab);
}

static void send_upgrade(void)
{
    bridge_send_upgrade(&lab.bridge, HEAD, sizeof(HEAD) - 1, lab.now);
}

static void test_of_every_size(void **unused)
{
    static const size_t sizes[] = {1, 12, 125, 126, 65535, 65536, BRIDGE_BUFFER};
    for (size_t i = 0; i < WSL_COUNT(sizes); i++) {
        send_upgrade();
        take_banner(sizes[i]);
        assert_int_equal(lab.view.payload, sizes[i]);
        assert_int_equal(lab.view.data_frames, 1);
        assert_int_equal(lab.bridge.down.bytes, sizes[i]);
        tear_down(NULL);
        set_up(NULL);
    }
}

/* A client that has taken `room` bytes of the 101 and of the banner. */
static void test_to_a_slow_client(void **unused)
{
    const size_t head = sizeof(HEAD) - 1;
    for (size_t room = 0; room <= head + 14; room++)
        for (int sealed = 0; sealed < 2; sealed++) {
            lab.client.sealed = sealed;
            lab.client.room = room;
            send_upgrade();
            take_banner(12);
            fake_send(&lab.target, "more", 4);
            lab_run(&lab);
            lab.client.room = FAKE_NO_LIMIT;
            lab_run(&lab);
            assert_memory_equal(lab.client.out, HEAD, head);
            assert_int_equal(lab.view.payload, 16);
            assert_int_equal(lab.bridge.down.bytes, 16);
            tear_down(NULL);
            set_up(NULL);
        }
}

static void test_frames_before_the_target_come_behind_it(void **unused)
{
    send_upgrade();
    lab.client.room = 0;
    take_banner(12);
    lab_frame(&lab, 0x89, "ping", 4);
    lab_run(&lab);
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    assert_int_equal(lab.view.pongs, 1);
    assert_int_equal(lab.view.payload, 12);
}

static void test_the_target_finishes_behind_it(void **unused)
{
    send_upgrade();
    lab.client.room = 3;
    target_sends_eof();
    take_banner(12);
    lab_run(&lab);
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    assert_int_equal(lab.view.payload, 12);
    expect_close(1000);
    expect_reason(REASON_target_closed);
}

/* The client failed while its target was connected: nothing is sent. */
static void test_without_a_client(void **unused)
{
    send_upgrade();
    lab.client.broken = REASON_client_reset;
    lab_turn(&lab, BRIDGE_CLIENT_BROKEN);
    take_banner(12);
    assert_int_equal(lab.bridge.down.bytes, 0);
    client_sends_eof();
    target_sends_eof();
    expect_done(REASON_client_reset);
}

static void test_without_memory(void **unused)
{
    lab.client.room = 3;
    send_upgrade();
    for (size_t i = 0; i < 12; i++)
        scratch.buffer[i] = 'x';
    lab_attach(&lab);
    failing_alloc_arm(1);
    bridge_take_first(&lab.bridge, scratch.buffer, 12, lab.now);
    assert_true(failing_alloc_disarm());
    expect_reason(REASON_out_of_memory);
    assert_int_equal(lab.bridge.down.state, PIPE_BROKEN);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_of_every_size),
        TEST(test_to_a_slow_client),
        TEST(test_frames_before_the_target_come_behind_it),
        TEST(test_the_target_finishes_behind_it),
        TEST(test_without_a_client),
        TEST(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
