#include "codec/ws/ws_relay.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/ws_relay_model.h"
#include "lib/ws_stream.h"

enum { TO_CLIENT = 0, TO_SERVER = 1, UNMASK = 2 };

#define NO_MASK        "\0\0\0\0"
#define BYTES(literal) (literal), sizeof(literal) - 1

static void expect_cut(const struct ws_transcript *reference, const uint8_t *bytes, size_t length,
                       int mode, const size_t *cuts, size_t cut_count)
{
    struct ws_keys keys = {.fill = ws_relay_fill_keys};
    bool masks = mode == TO_SERVER;
    struct ws_relayed relayed = ws_relay_cut(bytes, length, mode != TO_CLIENT, false,
                                             masks ? &keys : NULL, cuts, cut_count);
    const char *difference = ws_relay_differs(reference, &relayed, masks);

    if (difference)
        fail_msg("%s differs, mode %d: %zu bytes in %zu windows, first cut at %zu", difference,
                 mode, length, cut_count + 1, cut_count > 0 ? cuts[0] : length);
    ws_relayed_free(&relayed);
}

/* Whole, cut at every byte, at every two bytes if it is short, and byte by byte. */
static void expect_relayed(const uint8_t *bytes, size_t length, int mode)
{
    struct ws_transcript reference = ws_reference_decode(bytes, length, mode != TO_CLIENT, false);
    size_t *all = calloc(length + 1, sizeof(*all));

    assert_non_null(all);
    for (size_t i = 0; i < length; i++)
        all[i] = i + 1;
    expect_cut(&reference, bytes, length, mode, NULL, 0);
    expect_cut(&reference, bytes, length, mode, all, length);
    for (size_t cut = 0; cut < length; cut++) {
        expect_cut(&reference, bytes, length, mode, all + cut, 1);
        for (size_t second = cut + 1; length <= 40 && second < length; second++)
            expect_cut(&reference, bytes, length, mode, (size_t[]){cut, second}, 2);
    }
    ws_transcript_free(&reference);
    free(all);
}

/* What leaves, byte for byte, when the stream comes in two windows; unmasked on both sides. */
static const struct vector {
    const char *bytes;
    size_t length, cut;
    const char *left;
    size_t left_length;
} vectors[] = {
#define LEAVES(bytes, cut, left)                                                                   \
    {                                                                                              \
        BYTES(bytes), cut, BYTES(left)                                                             \
    }
    LEAVES("", 0, ""),
    LEAVES("\x82\x02"
           "ab"
           "\x81\x01"
           "c",
           0,
           "\x82\x02"
           "ab"
           "\x81\x01"
           "c"),
    LEAVES("\x82\x00\x81\x00", 1, "\x82\x00\x81\x00"),
    LEAVES("\x82\x03xyz", 3, "\x02\x01x\x80\x02yz"),
    LEAVES("\x82\x03xyz", 4, "\x02\x02xy\x80\x01z"),
    LEAVES("\x82\x03xyz", 2, "\x82\x03xyz"),
    LEAVES("\x82\x03xyz", 1, "\x82\x03xyz"),
    LEAVES("\x02\x02xy\x80\x01z", 3, "\x02\x01x\x00\x01y\x80\x01z"),
    LEAVES("\x01\x02xy\x80\x00", 0, "\x01\x02xy\x80\x00"),
    /* empty parts of a message are dropped, its end is not */
    LEAVES("\x01\x00\x00\x00\x80\x01z", 0, "\x81\x01z"),
    LEAVES("\x01\x00\x80\x00", 0, "\x81\x00"),
    LEAVES("\x01\x00\x89\x01p\x80\x00", 0, "\x81\x00"),
    LEAVES("\x02\x01x\x00\x00\x80\x00", 0, "\x02\x01x\x80\x00"),
    /* a character may be cut by a fragment */
    LEAVES("\x81\x02\xc3\xa9", 3, "\x01\x01\xc3\x80\x01\xa9"),
    /* nothing of the bad part leaves */
    LEAVES("\x82\x01z\x81\x02\xff\xff", 0, "\x82\x01z"),
    LEAVES("\x82\x01z\x82\x81", 0, "\x82\x01z"),
};

static void test_vectors(void **unused)
{
    for (size_t i = 0; i < WSL_COUNT(vectors); i++) {
        const struct vector *v = &vectors[i];
        const uint8_t *bytes = (const uint8_t *)v->bytes;
        struct ws_relayed relayed = ws_relay_cut(bytes, v->length, false, false, NULL, &v->cut, 1);
        if (relayed.length != v->left_length || memcmp(relayed.bytes, v->left, v->left_length) != 0)
            fail_msg("vector %zu: other bytes leave", i);
        ws_relayed_free(&relayed);
        expect_relayed(bytes, v->length, TO_CLIENT);
    }
}

/* Each frame that leaves has a key of its own, which is not the client's. */
static void test_masks_anew(void **unused)
{
    static const char in[] = "\x82\x83\1\1\1\1ycb\x82\x82\2\2\2\2zc\x81\x81\3\3\3\3b";
    struct ws_keys keys = {.fill = ws_relay_fill_keys}, same = keys;
    uint8_t key[WS_KEY_SIZE];
    struct ws_relayed relayed =
        ws_relay_cut((const uint8_t *)in, sizeof(in) - 1, true, false, &keys, (size_t[]){8}, 1);
    static const struct {
        size_t at;
        const char *header, *payload;
    } frames[] = {
        {0, "\x02\x82", "xb"},
        {8, "\x80\x81", "c"},
        {15, "\x82\x82", "xa"},
        {23, "\x81\x81", "a"},
    };
    for (size_t i = 0; i < WSL_COUNT(frames); i++) {
        const uint8_t *frame = relayed.bytes + frames[i].at;
        ws_keys_take(&same, key);
        assert_memory_equal(frame, frames[i].header, 2);
        assert_memory_equal(frame + 2, key, WS_KEY_SIZE);
        for (size_t k = 0; frames[i].payload[k]; k++)
            assert_int_equal(frame[6 + k] ^ key[k % 4], frames[i].payload[k]);
    }
    assert_int_equal(relayed.length, 30);
    ws_relayed_free(&relayed);
}

/* Unmasked payload stays where it was read; the header of a part goes in front of it. */
static void test_does_not_move_payload(void **unused)
{
    static uint8_t buffer[WS_HEADER_MAX + 70000];
    struct ws_decoder decoder;
    struct ws_window window = {.base = buffer + WS_HEADER_MAX, .end = 70000};

    memset(buffer, 'x', sizeof(buffer));
    memcpy(window.base, "\x82\x7f\0\0\0\0\0\3\0\0", 10);
    ws_frame_decoder_init(&decoder, false, false);
    assert_int_equal(ws_relay_decode(&decoder, &window, NULL), WS_DRAINED);
    assert_ptr_equal(window.base, buffer + WS_HEADER_MAX);
    assert_int_equal(window.out, 70000);
    assert_memory_equal(window.base, "\x02\x7f\0\0\0\0\0\1\x11\x66x", 11);

    window = (struct ws_window){.base = buffer + WS_HEADER_MAX, .end = 70000};
    window.base[0] = 'y';
    assert_int_equal(ws_relay_decode(&decoder, &window, NULL), WS_DRAINED);
    assert_ptr_equal(window.base, buffer + 4);
    assert_int_equal(window.out, 70010);
    assert_memory_equal(window.base, "\x00\x7f\0\0\0\0\0\1\x11\x70y", 11);
}

/* The most headroom: a masked header, cut before its last byte, of a frame with 64 bits of length.
 */
static void test_needs_no_more_headroom(void **unused)
{
    struct ws_stream s = {0};
    uint64_t random = 3;
    uint8_t *payload = calloc(1, 140000);

    assert_non_null(payload);
    ws_stream_frame(&s, 0x82, payload, 140000, &random);
    struct ws_transcript reference = ws_reference_decode(s.bytes, s.length, true, false);
    for (size_t cut = 0; cut <= 16; cut++)
        for (size_t part = 65530; part <= 65541; part++)
            expect_cut(&reference, s.bytes, s.length, TO_SERVER, (size_t[]){cut, cut + part}, 2);
    ws_transcript_free(&reference);
    free(s.bytes);
    free(payload);
}

static void test_random_streams(void **unused)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct ws_stream s = {0}, payload = {0};
        uint64_t random = seed;
        for (size_t messages = 1 + ws_stream_draw(&random, 6); messages > 0; messages--) {
            ws_stream_random_message(&s, &payload, &random);
            if (ws_stream_draw(&random, 5) == 0)
                ws_stream_random_control(&s, &random);
        }
        expect_relayed(s.bytes, s.length, TO_SERVER);
        expect_relayed(s.bytes, s.length, UNMASK);
        free(s.bytes);
        free(payload.bytes);
    }
}

static void test_events(void **unused)
{
    static const char *const streams[] = {
        "\x82\x81" NO_MASK "a\x89\x81" NO_MASK "p\x8a\x80" NO_MASK "\x82\x81" NO_MASK "b",
        "\x02\x81" NO_MASK "a\x88\x82" NO_MASK "\x03\xe8\x80\x81" NO_MASK "b",
        "\x02\x81" NO_MASK "a\x82\x81" NO_MASK "b", /* a message inside a message */
        "\x82\x81" NO_MASK "a\xc2",                 /* RSV1 */
        "\x82\x81" NO_MASK "a\x82\x01z",            /* unmasked */
        "\x81\x82" NO_MASK "a\xff",
        "\x01\x82" NO_MASK "a\xc3\x80\x81" NO_MASK "z",
    };
    static const size_t lengths[] = {27, 22, 14, 8, 9, 8, 15};
    for (size_t i = 0; i < WSL_COUNT(streams); i++) {
        expect_relayed((const uint8_t *)streams[i], lengths[i], TO_SERVER);
        expect_relayed((const uint8_t *)streams[i], lengths[i], UNMASK);
    }
}

static void expect_stripped(size_t length, struct ws_keys *keys)
{
    uint8_t *bytes = malloc(WS_HEADER_MAX + length);
    assert_non_null(bytes);
    uint8_t *payload = bytes + WS_HEADER_MAX;
    for (size_t i = 0; i < length; i++)
        payload[i] = (uint8_t)(i * 7);
    uint8_t *begin = keys ? ws_frame_masked_before(payload, WS_OP_BINARY, length, keys)
                          : ws_frame_header_before(payload, WS_OP_BINARY, length);
    assert_int_equal(ws_relay_strip(begin, (size_t)(payload - begin) + length), length);
    for (size_t i = 0; i < length; i++)
        assert_int_equal(begin[i], (uint8_t)(i * 7));
    free(bytes);
}

static void test_payload_alone(void **unused)
{
    static const size_t lengths[] = {0, 1, 125, 126, 127, 255, 256, 65535, 65536, 70000};
    struct ws_keys keys = {.fill = ws_relay_fill_keys};
    uint8_t frames[] = "\x01\x02xy\x80\x00\x81\x81\1\1\1\1a";
    assert_int_equal(ws_relay_strip(frames, sizeof(frames) - 1), 3);
    assert_memory_equal(frames, "xy`", 3);
    assert_int_equal(ws_relay_strip(frames, 0), 0);
    for (size_t i = 0; i < WSL_COUNT(lengths); i++) {
        expect_stripped(lengths[i], NULL);
        expect_stripped(lengths[i], &keys);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_masks_anew),
        cmocka_unit_test(test_does_not_move_payload),
        cmocka_unit_test(test_needs_no_more_headroom),
        cmocka_unit_test(test_random_streams),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_payload_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
