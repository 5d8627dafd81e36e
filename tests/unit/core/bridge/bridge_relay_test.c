/* A bridge between two WebSockets: messages keep their types and ends, each end its own control
 * frames. */
#include "core/bridge/bridge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/bridge/bridge_check.h"
#include "lib/fake_transport.h"

#define CAPACITY ((size_t)1 << 16)

static struct bridge_scratch scratch;
static struct fake near, far;
static struct bridge bridge;

static void fill(void *bytes, size_t length)
{
    memset(bytes, 0, length); /* so that masked bytes can be read */
}

static struct ws_keys keys = {.fill = fill};

static int set_up(void **unused)
{
    struct bridge_frames *frames = malloc(sizeof(*frames));
    assert_non_null(frames);
    bridge_frames_init(frames, &keys, false);
    fake_init(&near, CAPACITY, CAPACITY);
    fake_init(&far, CAPACITY, CAPACITY);
    bridge_init(&bridge, &near.transport, false, 1000);
    bridge_attach_framed(&bridge, &far.transport, frames, BRIDGE_EOF_FIN, 1000);
    return 0;
}

static int tear_down(void **unused)
{
    bridge_free(&bridge);
    fake_free(&near);
    fake_free(&far);
    return 0;
}

static void run(void)
{
    for (;;) {
        unsigned bits = 0;
        bits |= fake_is_readable(&near) ? BRIDGE_CLIENT_READ : 0;
        bits |= fake_is_writable(&near) ? BRIDGE_CLIENT_WRITE : 0;
        bits |= fake_is_readable(&far) ? BRIDGE_TARGET_READ : 0;
        bits |= fake_is_writable(&far) ? BRIDGE_TARGET_WRITE : 0;
        bits &= bridge_want(&bridge);
        if (bits == 0)
            return;
        bridge_turn(&bridge, &scratch, bits, 1000);
        assert_null(bridge_check_state(&bridge));
        assert_null(bridge_check_settled(&bridge));
    }
}

#define SENDS(fake, literal) fake_send(&(fake), literal, sizeof(literal) - 1)
#define EXPECT_GOT(fake, literal)                                                                  \
    do {                                                                                           \
        assert_int_equal((fake).out_length, sizeof(literal) - 1);                                  \
        assert_memory_equal((fake).out, literal, sizeof(literal) - 1);                             \
    } while (0)
#define KEY "\0\0\0\0"

static void test_messages_keep_their_types(void **unused)
{
    SENDS(near, "\x81\x82" KEY "hi"
                "\x82\x80" KEY "\x02\x81" KEY "a"
                "\x80\x81" KEY "b");
    run();
    EXPECT_GOT(far, "\x81\x82" KEY "hi"
                    "\x82\x80" KEY "\x02\x81" KEY "a"
                    "\x80\x81" KEY "b");
    SENDS(far, "\x81\x03yes\x82\x01x");
    run();
    EXPECT_GOT(near, "\x81\x03yes\x82\x01x");
    assert_int_equal(bridge.up.bytes, 4); /* payload alone is counted */
    assert_int_equal(bridge.down.bytes, 4);
}

static void test_each_end_answers_pings_itself(void **unused)
{
    SENDS(near, "\x89\x81" KEY "n");
    SENDS(far, "\x89\x01"
               "f");
    run();
    EXPECT_GOT(near, "\x8A\x01n");
    EXPECT_GOT(far, "\x8A\x81" KEY "f");
}

static void test_a_close_is_passed_on_with_its_words(void **unused)
{
    SENDS(near, "\x88\x85" KEY "\x0F\xA1why");
    run();
    EXPECT_GOT(far, "\x88\x85" KEY "\x0F\xA1why");
    EXPECT_GOT(near, "\x88\x02\x0F\xA1");
    SENDS(far, "\x88\x02\x0F\xA1");
    near.in_end = far.in_end = io_status(IO_EOF);
    run();
    assert_true(bridge_is_done(&bridge));
    assert_int_equal(bridge.reason, REASON_client_closed);
}

static void test_a_close_of_the_far_side(void **unused)
{
    SENDS(far, "\x82\x01x\x88\x00");
    run();
    EXPECT_GOT(near, "\x82\x01x\x88\x00");
    EXPECT_GOT(far, "\x88\x80" KEY);
    SENDS(near, "\x88\x80" KEY);
    near.in_end = far.in_end = io_status(IO_EOF);
    run();
    assert_true(bridge_is_done(&bridge));
    assert_int_equal(bridge.reason, REASON_target_closed);
}

/* How the end of raw bytes is told does not concern it. */
static void test_a_client_that_hangs_up(void **unused)
{
    for (int eof = BRIDGE_EOF_CLOSE; eof <= BRIDGE_EOF_WAIT; eof++) {
        tear_down(NULL);
        set_up(NULL);
        bridge.target.eof = (uint8_t)eof;
        near.in_end = io_status(IO_EOF);
        run();
        EXPECT_GOT(far, "\x88\xA6" KEY "\x03\xE9"
                        "client hung up without a Close frame");
    }
}

static void test_faults_of_either_end(void **unused)
{
    SENDS(near, "\x82\x01x"); /* not masked */
    run();
    assert_int_equal(near.out[3], 0xEA); /* 1002 */
    assert_int_equal(far.out[7], 0xE9);  /* 1001 */
    tear_down(NULL);
    set_up(NULL);
    SENDS(far, "\x82\x81" KEY "x"); /* masked */
    run();
    assert_int_equal(near.out[3], 0xF3); /* 1011 */
    assert_int_equal(far.out[7], 0xEA);  /* 1002 */
    assert_int_equal(bridge.reason, REASON_target_frames);
}

static void test_frames_that_came_with_the_head(void **unused)
{
    memcpy(scratch.buffer, "\x82\x82" KEY "hi", 8);
    bridge_take_early(&bridge, scratch.buffer, 8, 1000);
    run();
    EXPECT_GOT(far, "\x82\x82" KEY "hi");
}

/* A tap gets what was sent in messages: no header, and nothing masked. */

static char seen[2][64];

static bool on_payload(struct bridge_tap *tap, const struct bridge_payload *payload, uint64_t now)
{
    (void)tap;
    (void)now;
    char *text = seen[payload->from_client];
    size_t used = strlen(text);
    snprintf(text + used, sizeof(seen[0]) - used, "%.*s", (int)payload->bytes.len,
             payload->bytes.ptr);
    return payload->bytes.len > 0;
}

static void fill_with_ones(void *bytes, size_t length)
{
    memset(bytes, 1, length);
}

static void test_a_tap_sees_payload(void **unused)
{
    struct bridge_tap tap = {.on_payload = on_payload};
    struct ws_keys other = {.fill = fill_with_ones};
    memset(seen, 0, sizeof(seen));
    bridge.tap = &tap;
    bridge.far->keys = &other;
    SENDS(near, "\x81\x82" KEY "hi"
                "\x82\x80" KEY "\x82\x86" KEY " there");
    run();
    assert_string_equal(seen[true], "hi there");
    EXPECT_GOT(far, "\x81\x82\1\1\1\1ih"
                    "\x82\x80\1\1\1\1\x82\x86\1\1\1\1!uidsd");
    SENDS(far, "\x82\x04well\x82\x00\x81\x01.");
    run();
    assert_string_equal(seen[false], "well.");
    EXPECT_GOT(near, "\x82\x04well\x82\x00\x81\x01.");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_messages_keep_their_types),
        TEST(test_each_end_answers_pings_itself),
        TEST(test_a_close_is_passed_on_with_its_words),
        TEST(test_a_close_of_the_far_side),
        TEST(test_a_client_that_hangs_up),
        TEST(test_faults_of_either_end),
        TEST(test_frames_that_came_with_the_head),
        TEST(test_a_tap_sees_payload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
