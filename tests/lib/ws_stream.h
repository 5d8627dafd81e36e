/*
 * A stream of a client's frames, built by a simple encoder.
 *
 * Owns: the bytes, until free. Thread: any. Errors: the process ends. Lifetime: zeroed is empty.
 */
#ifndef WSLUICE_TESTS_WS_STREAM_H
#define WSLUICE_TESTS_WS_STREAM_H

#include "codec/ws/ws_frame.h"

/* A stream of bytes that grows at its end. */
struct ws_stream {
    uint8_t *bytes;
    size_t length, capacity;
};

static inline void ws_stream_append(struct ws_stream *s, const void *bytes, size_t length)
{
    if (s->capacity - s->length < length) {
        s->capacity = 2 * s->capacity + length;
        s->bytes = realloc(s->bytes, s->capacity);
        wsl_assert(s->bytes);
    }
    if (length > 0)
        memcpy(s->bytes + s->length, bytes, length);
    s->length += length;
}

static inline uint64_t ws_stream_draw(uint64_t *state, uint64_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (*state >> 33) % below;
}

/* A masked frame with `first` as its first byte, by a simple encoder. */
static inline void ws_stream_frame(struct ws_stream *s, uint8_t first, const void *payload,
                                   size_t length, uint64_t *random)
{
    uint8_t room[WS_HEADER_MAX], *end = room + sizeof(room), mask[4];
    uint8_t *header = ws_frame_header_before(end, WS_OP_BINARY, length);
    size_t size = (size_t)(end - header);

    header[0] = first;
    header[1] |= 0x80;
    ws_stream_append(s, header, size);
    for (size_t i = 0; i < 4; i++)
        mask[i] = (uint8_t)ws_stream_draw(random, 256);
    ws_stream_append(s, mask, 4);
    size_t at = s->length;
    ws_stream_append(s, payload, length);
    for (size_t i = 0; i < length; i++)
        s->bytes[at + i] ^= mask[i % 4];
}

static inline void ws_stream_random_control(struct ws_stream *s, uint64_t *random)
{
    uint8_t payload[WS_CONTROL_MAX];
    size_t length = ws_stream_draw(random, 3) ? ws_stream_draw(random, 10)
                                              : ws_stream_draw(random, sizeof(payload) + 1);

    for (size_t i = 0; i < length; i++)
        payload[i] = (uint8_t)ws_stream_draw(random, 256);
    ws_stream_frame(s, ws_stream_draw(random, 2) ? 0x89 : 0x8A, payload, length, random);
}

/* A message in fragments of all sizes, pings and pongs between them. */
static inline void ws_stream_random_message(struct ws_stream *s, struct ws_stream *payload,
                                            uint64_t *random)
{
    static const char characters[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    uint8_t bytes[700];
    bool text = ws_stream_draw(random, 3) == 0;
    size_t length = 0, sent = 0;

    for (size_t n = ws_stream_draw(random, 60); text && n > 0;
         n--, length += sizeof(characters) - 1)
        memcpy(bytes + length, characters, sizeof(characters) - 1);
    for (size_t n = ws_stream_draw(random, 10) ? ws_stream_draw(random, 70)
                                               : ws_stream_draw(random, sizeof(bytes));
         !text && length < n;)
        bytes[length++] = (uint8_t)ws_stream_draw(random, 256);
    ws_stream_append(payload, bytes, length);

    uint8_t opcode = text ? WS_OP_TEXT : WS_OP_BINARY;
    while (ws_stream_draw(random, 3) == 0) {
        size_t part = ws_stream_draw(random, length - sent + 1);
        ws_stream_frame(s, opcode, bytes + sent, part, random);
        sent += part;
        opcode = WS_OP_CONTINUATION;
        if (ws_stream_draw(random, 2))
            ws_stream_random_control(s, random);
    }
    ws_stream_frame(s, 0x80 | opcode, bytes + sent, length - sent, random);
}

#endif
