/* Bulk from the target through ducts, when it fits, and back to copies at any byte. */
#include "core/bridge/bridge_splice.h"

#include "lib/bridge_expect.h"
#include "lib/fake_duct.h"

static struct fake_ducts ducts;
static uint8_t bulk[100000];

static int set_up(void **unused)
{
    lab_init(&lab, &scratch, 1 << 20);
    lab_attach(&lab);
    fake_ducts_init(&ducts, 1);
    fake_use_ducts(&lab.client);
    fake_use_ducts(&lab.target);
    scratch.ducts = &ducts.ducts;
    for (size_t i = 0; i < sizeof(bulk); i++)
        bulk[i] = (uint8_t)(i * 7 + i / 256);
    return 0;
}

static int tear_down(void **unused)
{
    scratch.ducts = NULL;
    lab_free(&lab);
    assert_int_equal(ducts.taken, 0);
    return 0;
}

static void test_bulk_goes_through_a_duct(void **unused)
{
    fake_send(&lab.target, bulk, sizeof(bulk));
    lab_run(&lab);
    assert_int_equal(ducts.fills, 1);
    assert_int_equal(lab.view.payload, sizeof(bulk));
    assert_int_equal(lab.view.data_frames, 1);
    assert_int_equal(lab.bridge.down.bytes, sizeof(bulk));
    assert_int_equal(lab.client.writes, 2); /* the header, the payload */
}

static void test_what_comes_from_the_client_does_not(void **unused)
{
    lab_binary(&lab, "keys");
    lab_run(&lab);
    expect_target_got("keys");
    assert_int_equal(ducts.fills, 0);
}

/* ---- when it does not fit ---- */

static bool shown;

static bool see(struct bridge_tap *tap, const struct bridge_payload *payload, uint64_t now)
{
    (void)tap;
    (void)now;
    shown = shown || payload->bytes.len > 0;
    return true;
}

static void expect_copies(void)
{
    fake_send(&lab.target, "payload", 7);
    lab_run(&lab);
    expect_client_got("payload");
    assert_int_equal(ducts.fills, 0);
}

static void test_not_without_bulk(void **unused)
{
    scratch.ducts = NULL;
    expect_copies();
}

static void test_not_past_a_tap(void **unused)
{
    struct bridge_tap tap = {.on_payload = see};
    lab.bridge.tap = &tap;
    expect_copies();
    assert_true(shown);
    lab.bridge.tap = NULL;
}

static void test_not_when_all_are_taken(void **unused)
{
    ducts.most = 0;
    expect_copies();
}

static void test_not_from_a_source_that_cannot(void **unused)
{
    lab.target.no_fill = true;
    expect_copies();
}

static void test_not_to_a_sink_without_ducts(void **unused)
{
    static struct transport_ops ops;
    ops = *lab.client.transport.ops;
    ops.fill = NULL;
    lab.client.transport.ops = &ops;
    expect_copies();
}

/* ---- stalls and ends ---- */

/* The client takes one byte more each time; then all comes, as if it had been copied. */
static void test_cut_at_every_byte(void **unused)
{
    for (size_t room = 0; room < 40; room++) {
        lab.client.room = room;
        fake_send(&lab.target, bulk + lab.target.in_length % 1000, 20);
        lab_run(&lab);
        scratch.ducts = room % 3 ? &ducts.ducts : NULL;
        lab.client.no_pour = room % 5 == 0;
        fake_send(&lab.target, "and more", 8);
        lab_run(&lab);
        lab.client.room = FAKE_NO_LIMIT;
        lab_run(&lab);
        assert_int_equal(lab.view.payload, lab.target.in_length);
        assert_int_equal(ducts.taken, 0);
    }
    assert_true(ducts.fills > 20);
}

/* A pong waits for the end of the frame whose payload is in the duct. */
static void test_a_pong_behind_a_duct(void **unused)
{
    lab.client.room = 5;
    fake_send(&lab.target, bulk, 1000);
    lab_run(&lab);
    assert_int_equal(ducts.taken, 1);
    lab_frame(&lab, 0x89, "ping", 4);
    lab_run(&lab);
    assert_int_equal(lab.view.pongs, 0);
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    assert_int_equal(lab.view.payload, 1000);
    assert_int_equal(lab.view.pongs, 1);
}

static void test_the_end_of_the_target_behind_a_duct(void **unused)
{
    lab.client.room = 5;
    fake_send(&lab.target, bulk, 1000);
    lab.target.in_end = io_status(IO_EOF);
    lab_run(&lab);
    lab.client.room = FAKE_NO_LIMIT;
    lab_run(&lab);
    assert_int_equal(lab.view.payload, 1000);
    expect_close(1000);
}

static void test_a_client_that_breaks_with_a_duct(void **unused)
{
    lab.client.room = 5;
    fake_send(&lab.target, bulk, 1000);
    lab_run(&lab);
    assert_int_equal(ducts.taken, 1);
    fake_break(&lab.client, REASON_client_reset);
    lab_run(&lab);
    expect_reason(REASON_client_reset);
    assert_int_equal(ducts.taken, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_bulk_goes_through_a_duct),
        TEST(test_what_comes_from_the_client_does_not),
        TEST(test_not_without_bulk),
        TEST(test_not_past_a_tap),
        TEST(test_not_when_all_are_taken),
        TEST(test_not_from_a_source_that_cannot),
        TEST(test_not_to_a_sink_without_ducts),
        TEST(test_cut_at_every_byte),
        TEST(test_a_pong_behind_a_duct),
        TEST(test_the_end_of_the_target_behind_a_duct),
        TEST(test_a_client_that_breaks_with_a_duct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
