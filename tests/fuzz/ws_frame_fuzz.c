/*
 * The frame decoder and the slow reference agree on payload, events and the byte of the verdict,
 * when the stream comes whole, byte by byte or cut at random. The input itself, masked as a
 * client's message, decodes to the input.
 *
 * Input: one byte of modes (1: server, 2: refuse text), one byte that seeds the cuts, the stream.
 */
#include "lib/ws_reference.h"

enum { STREAM_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void check(const struct ws_transcript *reference, const uint8_t *stream, size_t length,
                  uint8_t modes, const size_t *cuts, size_t cut_count, size_t gap)
{
    struct ws_transcript decoded =
        ws_decode_cut(stream, length, modes & 1, modes & 2, cuts, cut_count, gap);
    const char *difference = ws_transcript_differs(reference, &decoded);

    if (difference) {
        fprintf(stderr, "%s differs, %zu windows\n", difference, cut_count + 1);
        abort();
    }
    ws_transcript_free(&decoded);
}

static size_t cut_at_random(size_t cuts[static STREAM_MAX], size_t length, uint32_t seed)
{
    size_t count = 0;

    for (size_t at = 0;;) {
        seed = seed * 1664525 + 1013904223;
        at += (seed >> 28) < 14 ? seed >> 28 : seed >> 24; /* short windows and longer ones */
        if (at >= length || count == STREAM_MAX)
            return count;
        cuts[count++] = at;
    }
}

static void fill_keys(void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)(i * 89 + 1);
}

static void check_masked(const uint8_t *input, size_t size)
{
    struct ws_keys keys = {.fill = fill_keys};
    uint8_t *room = malloc(WS_HEADER_MAX + size), *payload = room + WS_HEADER_MAX;

    wsl_assert(room);
    memcpy(payload, input, size);
    uint8_t *frame = ws_frame_masked_before(payload, WS_OP_BINARY, size, &keys);
    size_t length = (size_t)(payload - frame) + size;
    wsl_assert(frame >= room && (frame[1] & 0x80));
    struct ws_transcript sent = ws_reference_decode(frame, length, true, false);
    wsl_assert(sent.event_count == 0 && sent.payload_length == size);
    wsl_assert(memcmp(sent.payload, input, size) == 0);
    ws_transcript_free(&sent);
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    size_t cuts[STREAM_MAX];

    if (size < 2 || size - 2 > STREAM_MAX)
        return 0;
    const uint8_t modes = input[0], seed = input[1], *stream = input + 2;
    const size_t length = size - 2;
    struct ws_transcript reference = ws_reference_decode(stream, length, modes & 1, modes & 2);

    check(&reference, stream, length, modes, NULL, 0, seed % 16);
    for (size_t i = 0; i < length; i++)
        cuts[i] = i + 1;
    check(&reference, stream, length, modes, cuts, length, 0);
    size_t count = cut_at_random(cuts, length, seed);
    check(&reference, stream, length, modes, cuts, count, seed / 16);
    ws_transcript_free(&reference);
    check_masked(input, size);
    return 0;
}
