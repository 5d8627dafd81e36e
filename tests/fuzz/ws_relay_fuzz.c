/*
 * What a relay sends on, read by the slow reference decoder, is the messages of the stream itself,
 * however that is cut: masked anew, unmasked, or unmasked on both sides. Each output ends with a
 * whole frame, and needs no more headroom than WS_HEADER_MAX.
 *
 * Input: one byte of modes (1: masked, 2: refuse text, 4: leaves unmasked), one byte that seeds the
 * cuts, the stream.
 */
#include "lib/ws_relay_model.h"

enum { STREAM_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

struct stream {
    const uint8_t *bytes;
    size_t length;
    bool masked, refuse_text, masks;
    struct ws_transcript reference;
};

static void check(const struct stream *stream, const size_t *cuts, size_t cut_count)
{
    struct ws_keys keys = {.fill = ws_relay_fill_keys};
    struct ws_relayed relayed =
        ws_relay_cut(stream->bytes, stream->length, stream->masked, stream->refuse_text,
                     stream->masks ? &keys : NULL, cuts, cut_count);
    const char *difference = ws_relay_differs(&stream->reference, &relayed, stream->masks);

    if (difference) {
        fprintf(stderr, "%s differs, %zu windows\n", difference, cut_count + 1);
        abort();
    }
    ws_relayed_free(&relayed);
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

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    size_t cuts[STREAM_MAX];

    if (size < 2 || size - 2 > STREAM_MAX)
        return 0;
    struct stream stream = {.bytes = input + 2,
                            .length = size - 2,
                            .masked = input[0] & 1,
                            .refuse_text = input[0] & 2,
                            .masks = (input[0] & 1) && !(input[0] & 4)};
    stream.reference =
        ws_reference_decode(stream.bytes, stream.length, stream.masked, stream.refuse_text);
    check(&stream, NULL, 0);
    for (size_t i = 0; i < stream.length; i++)
        cuts[i] = i + 1;
    check(&stream, cuts, stream.length);
    size_t count = cut_at_random(cuts, stream.length, input[1]);
    check(&stream, cuts, count);
    ws_transcript_free(&stream.reference);
    return 0;
}
