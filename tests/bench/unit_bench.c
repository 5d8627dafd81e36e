/*
 * One piece of work many times over, for callgrind to count its instructions: smoke.py takes the
 * difference of two counts.
 *
 *     unit_bench decode|encode COUNT
 *
 * decode: a client's binary frame of 64 bytes, as one of many in a buffer. encode: the header of a
 * frame for a client.
 */
#include "codec/ws/ws_frame.h"

#include <stdio.h>

#define FRAMES  100
#define PAYLOAD 64

static uint8_t frames[FRAMES * (PAYLOAD + 6)], buffer[sizeof(frames)];
static volatile size_t result;

static void make_frames(void)
{
    for (size_t i = 0; i < FRAMES; i++) {
        uint8_t *frame = frames + i * (PAYLOAD + 6);
        frame[0] = 0x82;
        frame[1] = 0x80 | PAYLOAD;
        for (size_t j = 2; j < PAYLOAD + 6; j++)
            frame[j] = (uint8_t)(i * 31 + j * 7);
    }
}

static void decode(void)
{
    struct ws_decoder decoder;
    ws_frame_decoder_init(&decoder, true, false);
    memcpy(buffer, frames, sizeof(frames));
    struct ws_window window = {.base = buffer, .end = sizeof(frames)};
    result = (size_t)ws_frame_decode(&decoder, &window) + window.out;
}

static void encode(void)
{
    for (size_t i = 0; i < FRAMES; i++)
        result = (size_t)ws_frame_header_before(buffer + 16, WS_OP_BINARY, i * 700)[1];
}

int main(int argc, char **argv)
{
    bool decodes = argc == 3 && strcmp(argv[1], "decode") == 0;
    if (argc != 3 || (!decodes && strcmp(argv[1], "encode") != 0)) {
        fputs("usage: unit_bench decode|encode COUNT\n", stderr);
        return 2;
    }
    make_frames();
    for (long i = 0, count = strtol(argv[2], NULL, 10) / FRAMES; i < count; i++)
        (decodes ? decode : encode)();
    return 0;
}
