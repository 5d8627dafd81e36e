#include "codec/ws/ws_frame.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/ws_reference.h"
#include "lib/ws_stream.h"

enum { CLIENT = 0, SERVER = 1, REFUSE_TEXT = 2 };

static void expect_cut(const struct ws_transcript *reference, const uint8_t *bytes, size_t length,
                       int mode, const size_t *cuts, size_t cut_count, size_t gap)
{
    struct ws_transcript decoded =
        ws_decode_cut(bytes, length, mode & SERVER, mode & REFUSE_TEXT, cuts, cut_count, gap);
    const char *difference = ws_transcript_differs(reference, &decoded);

    if (difference)
        fail_msg("%s differs: %zu bytes in %zu windows, first cut at %zu", difference, length,
                 cut_count + 1, cut_count > 0 ? cuts[0] : length);
    ws_transcript_free(&decoded);
}

/* Whole, cut at every byte, at every two bytes if it is short, and byte by byte. */
static struct ws_transcript expect_same_however_cut(const uint8_t *bytes, size_t length, int mode)
{
    struct ws_transcript reference =
        ws_reference_decode(bytes, length, mode & SERVER, mode & REFUSE_TEXT);
    size_t *all = calloc(length + 1, sizeof(*all));

    assert_non_null(all);
    for (size_t i = 0; i < length; i++)
        all[i] = i + 1;
    expect_cut(&reference, bytes, length, mode, NULL, 0, 0);
    expect_cut(&reference, bytes, length, mode, all, length, 0);
    for (size_t cut = 0; cut < length; cut++) {
        expect_cut(&reference, bytes, length, mode, all + cut, 1, cut % 20);
        for (size_t second = cut + 1; length <= 40 && second < length; second++)
            expect_cut(&reference, bytes, length, mode, (size_t[]){cut, second}, 2, 0);
    }
    free(all);
    return reference;
}

#define NO_MASK        "\0\0\0\0"
#define AB             "\x82\x82" NO_MASK "ab" /* a good frame before a bad one */
#define BYTES(literal) (literal), sizeof(literal) - 1

/* Expected results in full, as the reference could share a misunderstanding. */
static const struct vector {
    const char *name;
    int mode;
    const char *bytes;
    size_t length;
    const char *payload;
    enum ws_event last;
    enum reason violation;
    uint16_t close_code;
} vectors[] = {
#define GOOD(name, mode, bytes, payload)                                                           \
    {                                                                                              \
        name, mode, BYTES(bytes), payload, WS_DRAINED, 0, 0                                        \
    }
#define BAD(name, mode, bytes, payload, why)                                                       \
    {                                                                                              \
        name, mode, BYTES(bytes), payload, WS_VIOLATION, REASON_##why, 0                           \
    }
#define CLOSED(name, mode, bytes, payload, code)                                                   \
    {                                                                                              \
        name, mode, BYTES(bytes), payload, WS_CLOSE, 0, code                                       \
    }
    GOOD("nothing", SERVER, "", ""),
    GOOD("masked text of RFC 6455 section 5.7", SERVER,
         "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "Hello"),
    GOOD("unmasked text of RFC 6455 section 5.7", CLIENT, "\x81\x05Hello", "Hello"),
    GOOD("fragmented text of RFC 6455 section 5.7", CLIENT, "\x01\x03Hel\x80\x02lo", "Hello"),
    GOOD("empty frames", SERVER, "\x82\x80" NO_MASK "\x81\x80" NO_MASK AB, "ab"),
    GOOD("empty fragments", SERVER, "\x02\x80" NO_MASK "\x00\x80" NO_MASK "\x80\x80" NO_MASK AB,
         "ab"),
    GOOD("half a header", SERVER, AB "\x82\xfe\x01", "ab"),
    GOOD("character across fragments", CLIENT, "\x01\x01\xc3\x80\x01\xa9", "\xc3\xa9"),
    GOOD("continuation of binary is not text", CLIENT, "\x02\x01\xc3\x80\x01z", "\xc3z"),
    GOOD("binary is not refused", SERVER | REFUSE_TEXT, AB, "ab"),

    BAD("RSV1", SERVER, AB "\xc2", "ab", ws_rsv),
    BAD("RSV2", SERVER, AB "\xa2", "ab", ws_rsv),
    BAD("RSV3", SERVER, AB "\x92", "ab", ws_rsv),
    BAD("RSV before opcode", SERVER, "\xf3\x00", "", ws_rsv),
    BAD("data opcode 3", SERVER, AB "\x83", "ab", ws_opcode),
    BAD("data opcode 7", SERVER, AB "\x87", "ab", ws_opcode),
    BAD("control opcode 11", SERVER, AB "\x8b", "ab", ws_opcode),
    BAD("control opcode 15 before FIN", SERVER, AB "\x0f", "ab", ws_opcode),
    BAD("fragmented ping", SERVER, AB "\x09", "ab", ws_control_fragmented),
    BAD("fragmented close before mask", SERVER, AB "\x08\x00", "ab", ws_control_fragmented),
    BAD("continuation of nothing", SERVER, AB "\x80", "ab", ws_continuation),
    BAD("continuation after the last", SERVER, "\x02\x80" NO_MASK "\x80\x80" NO_MASK "\x00", "",
        ws_continuation),
    BAD("message inside a message", SERVER, "\x02\x81" NO_MASK "a\x82", "a", ws_interleaved),
    BAD("whole message inside a message", SERVER, "\x02\x81" NO_MASK "a" AB, "a", ws_interleaved),
    BAD("text inside binary", SERVER, "\x02\x81" NO_MASK "a\x01", "a", ws_interleaved),
    BAD("unmasked", SERVER, AB "\x82\x02xx", "ab", ws_unmasked),
    BAD("unmasked, 16-bit length", SERVER, AB "\x82\x7e\x01\x00", "ab", ws_unmasked),
    BAD("masked, at a client", CLIENT, "\x82\x01z\x82\x81" NO_MASK "x", "z", ws_masked),
    BAD("mask before length of control", SERVER, "\x89\x7e", "", ws_unmasked),
    BAD("16-bit ping", SERVER, AB "\x89\xfe", "ab", ws_control_long),
    BAD("64-bit close", SERVER, AB "\x88\xff", "ab", ws_control_long),
    BAD("16-bit length of 125", SERVER, AB "\x82\xfe\x00\x7d", "ab", ws_length),
    BAD("16-bit length of 0", SERVER, AB "\x82\xfe\x00\x00" NO_MASK AB, "ab", ws_length),
    BAD("64-bit length of 65535", SERVER, AB "\x82\xff\0\0\0\0\0\0\xff\xff" NO_MASK, "ab",
        ws_length),
    BAD("64-bit length with the top bit", SERVER, AB "\x82\xff\x80", "ab", ws_length),
    BAD("text refused", SERVER | REFUSE_TEXT, AB "\x81", "ab", ws_text_refused),
    BAD("fragmented text refused", SERVER | REFUSE_TEXT, AB "\x01\x00", "ab", ws_text_refused),
    BAD("character cut by the end", SERVER, AB "\x81\x81" NO_MASK "\xc3" AB, NULL, ws_bad_utf8),
    BAD("character cut by an empty end", SERVER, "\x01\x81" NO_MASK "\xc3\x80\x80" NO_MASK, "\xc3",
        ws_bad_utf8),
    BAD("bad character in the second fragment", SERVER,
        "\x01\x82" NO_MASK "a\xe2\x80\x82" NO_MASK "\x28\xa1", NULL, ws_bad_utf8),
    BAD("surrogate", SERVER, AB "\x81\x83" NO_MASK "\xed\xa0\x80", NULL, ws_bad_utf8),

    CLOSED("empty close", SERVER, AB "\x88\x80" NO_MASK "\xff", "ab", 0),
    CLOSED("close 1000", SERVER, AB "\x88\x82" NO_MASK "\x03\xe8" AB, "ab", 1000),
    CLOSED("close with text", SERVER, "\x88\x85" NO_MASK "\x03\xe9z\xc3\xa9", "", 1001),
    CLOSED("close inside a message", SERVER, "\x02\x81" NO_MASK "a\x88\x82" NO_MASK "\x0f\xa0", "a",
           4000),
    BAD("close of one byte", SERVER, AB "\x88\x81", "ab", ws_close_malformed),
    BAD("close with a bad code", SERVER, AB "\x88\x82" NO_MASK "\x03\xed", "ab",
        ws_close_malformed),
    BAD("close with bad text", SERVER, AB "\x88\x83" NO_MASK "\x03\xe8\xff", "ab", ws_bad_utf8),
    BAD("close with cut text", SERVER, AB "\x88\x83" NO_MASK "\x03\xe8\xc3", "ab", ws_bad_utf8),
};

static void test_vectors(void **unused)
{
    for (size_t i = 0; i < WSL_COUNT(vectors); i++) {
        const struct vector *v = &vectors[i];
        struct ws_transcript t =
            expect_same_however_cut((const uint8_t *)v->bytes, v->length, v->mode);
        const struct ws_occurrence *last = t.event_count ? &t.events[t.event_count - 1] : NULL;

        if ((last ? last->event : WS_DRAINED) != v->last ||
            (last && (last->violation != v->violation || last->close_code != v->close_code)))
            fail_msg("%s: ends otherwise", v->name);
        /* NULL: how much of a bad text frame is passed on depends on the cuts */
        if (v->payload && (t.payload_length != strlen(v->payload) ||
                           memcmp(t.payload, v->payload, t.payload_length) != 0))
            fail_msg("%s: another payload", v->name);
        ws_transcript_free(&t);
    }
}

/* The window with the bad byte forwards nothing of that frame. */
static void test_rewinds_bad_text(void **unused)
{
    uint8_t bytes[] = AB "\x01\x83" NO_MASK "ok\xc3\x80\x84" NO_MASK "\xa9zz\xff";
    struct ws_decoder decoder;
    struct ws_window window = {.base = bytes, .end = sizeof(bytes) - 1};

    ws_frame_decoder_init(&decoder, true, false);
    assert_int_equal(ws_frame_decode(&decoder, &window), WS_VIOLATION);
    assert_int_equal(decoder.violation, REASON_ws_bad_utf8);
    assert_int_equal(window.out, 5);
    assert_memory_equal(bytes, "abok\xc3", 5);
}

/* The header follows `before`; false when its first byte is already refused. */
static bool expect_header_judged(const char *before, size_t at, int mode, unsigned first,
                                 unsigned second)
{
    uint8_t bytes[32] = {0};

    memcpy(bytes, before, at);
    if (at > 0 && mode & SERVER) {
        bytes[1] |= 0x80;
        at += 4;
    }
    bytes[at] = (uint8_t)first;
    bytes[at + 1] = (uint8_t)second;
    bytes[at + 3] = 200;
    struct ws_transcript reference =
        ws_reference_decode(bytes, sizeof(bytes), mode & SERVER, mode & REFUSE_TEXT);
    expect_cut(&reference, bytes, sizeof(bytes), mode, NULL, 0, 0);
    expect_cut(&reference, bytes, sizeof(bytes), mode, (size_t[]){at + 1}, 1, 0);
    bool refused = reference.event_count > 0 && reference.events[0].event == WS_VIOLATION &&
                   reference.events[0].first_shown_in == at;
    ws_transcript_free(&reference);
    return !refused;
}

/* Every first and second byte, in every state. */
static void test_every_header(void **unused)
{
    static const struct {
        const char *bytes;
        size_t length;
    } before[] = {{BYTES("")}, {BYTES("\x01\x00")}, {BYTES("\x02\x00")}};

    for (size_t i = 0; i < WSL_COUNT(before); i++)
        for (int mode = 0; mode < 4; mode++)
            for (unsigned first = 0; first < 256; first++)
                for (unsigned second = 0; second < 256; second++)
                    if (!expect_header_judged(before[i].bytes, before[i].length, mode, first,
                                              second))
                        break;
}

/* Also if the whole frame is there, so that only the form of its length is wrong. */
static void test_length_not_minimal(void **unused)
{
    for (uint64_t length = 0; length < 65536; length += length < 130 ? 1 : 4093) {
        struct ws_stream s = {0};
        uint8_t payload[65536] = {0};
        bool wide = length > 125;

        ws_stream_append(&s, BYTES(AB "\x82"));
        if (wide)
            ws_stream_append(
                &s, (uint8_t[]){0xFF, 0, 0, 0, 0, 0, 0, (uint8_t)(length >> 8), (uint8_t)length},
                9);
        else
            ws_stream_append(&s, (uint8_t[]){0xFE, 0, (uint8_t)length}, 3);
        ws_stream_append(&s, NO_MASK, 4);
        ws_stream_append(&s, payload, length);
        struct ws_window window = {.base = s.bytes, .end = s.length};
        struct ws_decoder decoder;
        ws_frame_decoder_init(&decoder, true, false);
        assert_int_equal(ws_frame_decode(&decoder, &window), WS_VIOLATION);
        assert_int_equal(decoder.violation, REASON_ws_length);
        assert_int_equal(window.out, 2);
        free(s.bytes);
    }
}

static void test_every_close_code(void **unused)
{
    for (unsigned code = 0; code < 0x10000; code++) {
        uint8_t bytes[] = {0x88, 2, (uint8_t)(code >> 8), (uint8_t)code};
        struct ws_decoder decoder;
        struct ws_window window = {.base = bytes, .end = sizeof(bytes)};
        bool valid = (code >= 1000 && code < 5000) && code != 1004 && code != 1005 &&
                     code != 1006 && !(code > 1014 && code < 3000);

        ws_frame_decoder_init(&decoder, false, false);
        assert_int_equal(ws_frame_decode(&decoder, &window), valid ? WS_CLOSE : WS_VIOLATION);
        if (valid)
            assert_int_equal(decoder.close_code, code);
        else
            assert_int_equal(decoder.violation, REASON_ws_close_malformed);
        ws_frame_free_control(&decoder);
    }
}

static void test_lengths_round_trip(void **unused)
{
    static const size_t lengths[] = {0, 1, 124, 125, 126, 127, 65534, 65535, 65536, 65537};
    uint64_t random = 1;
    uint8_t *payload = calloc(1, 65537);

    assert_non_null(payload);
    for (size_t i = 0; i < 65537; i++)
        payload[i] = (uint8_t)ws_stream_draw(&random, 256);
    for (size_t i = 0; i < WSL_COUNT(lengths); i++) {
        struct ws_stream s = {0};
        ws_stream_frame(&s, 0x82, payload, lengths[i], &random);
        ws_stream_frame(&s, 0x82, "end", 3, &random);
        struct ws_transcript t = ws_reference_decode(s.bytes, s.length, true, false);
        assert_int_equal(t.payload_length, lengths[i] + 3);
        assert_memory_equal(t.payload, payload, lengths[i]);
        for (size_t cut = 0; cut < 20; cut++)
            expect_cut(&t, s.bytes, s.length, SERVER, (size_t[]){cut < s.length ? cut : 0}, 1, 0);
        for (size_t cut = s.length > 20 ? s.length - 20 : 0; cut < s.length; cut++)
            expect_cut(&t, s.bytes, s.length, SERVER, &cut, 1, 0);
        ws_transcript_free(&t);
        free(s.bytes);
    }
    free(payload);
}

/* The longest frame passes through a small window, and its end is found. */
static void test_streams_the_longest_frame(void **unused)
{
    uint8_t bytes[1024] = "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04";
    struct ws_decoder decoder;
    struct ws_window window = {.base = bytes, .end = 14};

    ws_frame_decoder_init(&decoder, true, false);
    assert_int_equal(ws_frame_decode(&decoder, &window), WS_DRAINED);
    assert_int_equal(decoder.payload_left, INT64_MAX);
    for (int i = 0; i < 1000; i++) {
        memset(bytes, 0, sizeof(bytes));
        window = (struct ws_window){.base = bytes, .in = 1, .end = sizeof(bytes)};
        assert_int_equal(ws_frame_decode(&decoder, &window), WS_DRAINED);
        assert_int_equal(window.out, 1023);
        for (size_t j = 0; j < window.out; j++)
            assert_int_equal(bytes[j], ((size_t)i * 1023 + j) % 4 + 1);
    }
    assert_int_equal(decoder.payload_left, INT64_MAX - 1000 * 1023);

    decoder.payload_left = 3; /* in place of 2^63 bytes */
    memcpy(bytes, "\0\0\0" AB, 3 + sizeof(AB) - 1);
    window = (struct ws_window){.base = bytes, .end = 3 + sizeof(AB) - 1};
    assert_int_equal(ws_frame_decode(&decoder, &window), WS_DRAINED);
    assert_int_equal(window.out, 5);
    assert_memory_equal(bytes + 3, "ab", 2);
}

static void test_random_streams_round_trip(void **unused)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct ws_stream s = {0}, payload = {0};
        uint64_t random = seed;
        for (size_t messages = 1 + ws_stream_draw(&random, 6); messages > 0; messages--) {
            ws_stream_random_message(&s, &payload, &random);
            if (ws_stream_draw(&random, 5) == 0)
                ws_stream_random_control(&s, &random);
        }
        struct ws_transcript t = expect_same_however_cut(s.bytes, s.length, SERVER);
        assert_int_equal(t.payload_length, payload.length);
        if (payload.length > 0)
            assert_memory_equal(t.payload, payload.bytes, payload.length);
        ws_transcript_free(&t);
        free(s.bytes);
        free(payload.bytes);
    }
}

/* A full window of small messages, as from a busy client. */
static void test_many_frames_in_a_window(void **unused)
{
    struct ws_stream s = {0};
    uint64_t random = 7;
    uint8_t payload[300];

    while (s.length < 250000) {
        size_t length = ws_stream_draw(&random, 20) ? ws_stream_draw(&random, 100)
                                                    : ws_stream_draw(&random, sizeof(payload));
        for (size_t i = 0; i < length; i++)
            payload[i] = (uint8_t)ws_stream_draw(&random, 256);
        ws_stream_frame(&s, ws_stream_draw(&random, 50) ? 0x82 : 0x8A, payload, length % 126,
                        &random);
    }
    struct ws_transcript reference = ws_reference_decode(s.bytes, s.length, true, false);
    for (size_t trial = 0; trial < 20; trial++) {
        size_t cut = ws_stream_draw(&random, s.length);
        expect_cut(&reference, s.bytes, s.length, SERVER, &cut, 1, trial);
    }
    ws_transcript_free(&reference);
    free(s.bytes);
}

static void expect_header(uint64_t length, const char *bytes, size_t size)
{
    uint8_t out[WS_HEADER_MAX + 4];

    memset(out, 0xEE, sizeof(out));
    uint8_t *payload = out + WS_HEADER_MAX + 1;
    assert_ptr_equal(ws_frame_header_before(payload, WS_OP_BINARY, length), payload - size);
    assert_memory_equal(payload - size, bytes, size);
    assert_int_equal(payload[-(int)size - 1], 0xEE);
    assert_int_equal(*payload, 0xEE);
}

static void test_headers_are_minimal(void **unused)
{
    expect_header(0, BYTES("\x82\x00"));
    expect_header(125, BYTES("\x82\x7d"));
    expect_header(126, BYTES("\x82\x7e\x00\x7e"));
    expect_header(65535, BYTES("\x82\x7e\xff\xff"));
    expect_header(65536, BYTES("\x82\x7f\0\0\0\0\0\x01\0\0"));
    expect_header(UINT64_C(1) << 32, BYTES("\x82\x7f\0\0\0\x01\0\0\0\0"));
    expect_header(INT64_MAX, BYTES("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"));
}

static void test_control(void **unused)
{
    uint8_t out[2 + WS_CONTROL_MAX], payload[WS_CONTROL_MAX];

    memset(payload, 'p', sizeof(payload));
    assert_int_equal(ws_frame_control(out, WS_OP_PONG, payload, sizeof(payload)), sizeof(out));
    assert_memory_equal(out, "\x8a\x7dpp", 4);
    assert_memory_equal(out + 2, payload, sizeof(payload));
    assert_int_equal(ws_frame_control(out, WS_OP_PING, NULL, 0), 2);
    assert_memory_equal(out, "\x89\x00", 2);
}

static void test_close(void **unused)
{
    uint8_t out[2 + WS_CONTROL_MAX];
    char text[200] = {0};

    assert_int_equal(ws_frame_close(out, 0, "never seen"), 2);
    assert_memory_equal(out, "\x88\x00", 2);
    assert_int_equal(ws_frame_close(out, 1001, ""), 4);
    assert_memory_equal(out, "\x88\x02\x03\xe9", 4);
    assert_int_equal(ws_frame_close(out, 1000, "bye"), 7);
    assert_memory_equal(out,
                        "\x88\x05\x03\xe8"
                        "bye",
                        7);

    for (size_t i = 0; i < 198; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    assert_int_equal(ws_frame_close(out, 1000, text), 4 + 122); /* not 123: that cuts a character */
    assert_int_equal(out[1], 124);
    memset(text, 'x', 150);
    assert_int_equal(ws_frame_close(out, 1000, text), sizeof(out));
}

/* The key of the n-th frame is n, n, n, n, so that masking flips bits. */
static void fill_keys(void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)((length - 1 - i) / WS_KEY_SIZE + 1);
}

static void test_masks_in_place(void **unused)
{
    static const struct {
        size_t length;
        const char *header;
        size_t size;
    } cases[] = {
        {0, BYTES("\x82\x80\1\1\1\1")},
        {1, BYTES("\x82\x81\2\2\2\2")},
        {125, BYTES("\x82\xfd\3\3\3\3")},
        {126, BYTES("\x82\xfe\x00\x7e\4\4\4\4")},
        {65535, BYTES("\x82\xfe\xff\xff\5\5\5\5")},
        {65536, BYTES("\x82\xff\0\0\0\0\0\x01\0\0\6\6\6\6")},
    };
    struct ws_keys keys = {.fill = fill_keys};

    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        size_t size = cases[i].size, length = cases[i].length;
        uint8_t *room = malloc(size + length), *payload = room + size;
        assert_non_null(room);
        for (size_t k = 0; k < length; k++)
            payload[k] = (uint8_t)(k * 7);
        assert_ptr_equal(ws_frame_masked_before(payload, WS_OP_BINARY, length, &keys), room);
        assert_memory_equal(room, cases[i].header, size);
        for (size_t k = 0; k < length; k++)
            assert_int_equal(payload[k], (uint8_t)(k * 7) ^ (i + 1));
        free(room);
    }
}

/* What a client sends, a server reads: frames and control frames, each with its own key. */
static void test_masked_frames_round_trip(void **unused)
{
    uint8_t room[WS_HEADER_MAX + 3], control[WS_CONTROL_FRAME_MAX];
    uint8_t *payload = room + WS_HEADER_MAX;
    struct ws_keys keys = {.fill = fill_keys};
    struct ws_stream s = {0};

    memcpy(payload, "abc", 3);
    uint8_t *header = ws_frame_masked_before(payload, WS_OP_BINARY, 3, &keys);
    ws_stream_append(&s, header, (size_t)(payload + 3 - header));
    size_t length = ws_frame_control(control, WS_OP_PING, (const uint8_t *)"ping", 4);
    length = ws_frame_mask_control(control, length, &keys);
    assert_memory_equal(control, "\x89\x84\2\2\2\2rkle", 10);
    ws_stream_append(&s, control, length);
    ws_stream_append(&s, control,
                     ws_frame_mask_control(control, ws_frame_close(control, 0, ""), &keys));
    assert_memory_equal(s.bytes + s.length - 6, "\x88\x80\3\3\3\3", 6);
    s.length -= 6;
    length = ws_frame_close(control, 1001, "gone");
    ws_stream_append(&s, control, ws_frame_mask_control(control, length, &keys));

    struct ws_transcript t = expect_same_however_cut(s.bytes, s.length, SERVER);
    assert_int_equal(t.payload_length, 3);
    assert_memory_equal(t.payload, "abc", 3);
    assert_int_equal(t.event_count, 2);
    assert_memory_equal(t.events[0].control, "ping", 4);
    assert_int_equal(t.events[1].event, WS_CLOSE);
    assert_int_equal(t.events[1].close_code, 1001);
    ws_transcript_free(&t);
    free(s.bytes);
}

static void test_masks_the_longest_control_frame(void **unused)
{
    uint8_t *frame = malloc(WS_CONTROL_FRAME_MAX), text[WS_CONTROL_MAX];
    struct ws_keys keys = {.fill = fill_keys};

    assert_non_null(frame);
    memset(text, 'x', sizeof(text));
    size_t length = ws_frame_control(frame, WS_OP_PONG, text, sizeof(text));
    assert_int_equal(ws_frame_mask_control(frame, length, &keys), WS_CONTROL_FRAME_MAX);
    assert_memory_equal(frame, "\x8a\xfd\1\1\1\1", 6);
    for (size_t i = 6; i < WS_CONTROL_FRAME_MAX; i++)
        assert_int_equal(frame[i], 'x' ^ 1);
    free(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_rewinds_bad_text),
        cmocka_unit_test(test_every_header),
        cmocka_unit_test(test_length_not_minimal),
        cmocka_unit_test(test_every_close_code),
        cmocka_unit_test(test_lengths_round_trip),
        cmocka_unit_test(test_streams_the_longest_frame),
        cmocka_unit_test(test_random_streams_round_trip),
        cmocka_unit_test(test_many_frames_in_a_window),
        cmocka_unit_test(test_headers_are_minimal),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_masks_in_place),
        cmocka_unit_test(test_masked_frames_round_trip),
        cmocka_unit_test(test_masks_the_longest_control_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
