/*
 * Relays a stream in windows, and reads what leaves with the slow reference decoder: payload,
 * messages and events must be those of the stream itself.
 *
 * Owns: nothing between calls. Thread: any. Errors: a difference is returned as text; a broken rule
 * of the output ends the process. Lifetime: none.
 */
#ifndef WSLUICE_TESTS_WS_RELAY_MODEL_H
#define WSLUICE_TESTS_WS_RELAY_MODEL_H

#include "codec/ws/ws_relay.h"
#include "lib/ws_reference.h"

struct ws_relayed {
    uint8_t *bytes; /* all that left */
    size_t length;
    struct ws_transcript transcript; /* events of the relay; payload and messages of `bytes` */
};

static inline void ws_relayed_free(struct ws_relayed *relayed)
{
    free(relayed->bytes);
    ws_transcript_free(&relayed->transcript);
}

/* Different bytes in each key, so that neither a wrong nor a rotated one goes unnoticed. */
static inline void ws_relay_fill_keys(void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)(i * 89 + 1);
}

/* The payload of whole frames of data, none of which is an empty part of a message. */
static inline size_t ws_relay_payload(const uint8_t *bytes, size_t length, bool masked)
{
    size_t payload = 0;
    for (size_t at = 0; at < length;) {
        const uint8_t *frame = bytes + at;
        size_t size = frame[1] & 127, header = 2;
        wsl_assert(length - at >= 2 && (frame[0] & 0x7F) <= 2 && (frame[1] >> 7) == masked);
        if (size >= 126) {
            header += size == 126 ? 2 : 8;
            size = 0;
            wsl_assert(length - at >= header);
            for (size_t i = 2; i < header; i++)
                size = size << 8 | frame[i];
        }
        wsl_assert((frame[0] & 0x80) || size > 0);
        header += masked ? 4 : 0;
        wsl_assert(length - at >= header + size);
        at += header + size;
        payload += size;
    }
    return payload;
}

/* One window, with exactly the headroom that is asked for in front of it. True: more may follow. */
static inline bool ws_relay_window(struct ws_decoder *decoder, struct ws_relayed *relayed,
                                   const uint8_t *stream, size_t start, size_t end,
                                   struct ws_keys *keys)
{
    uint8_t *buffer = malloc(WS_HEADER_MAX + end - start);
    struct ws_transcript *t = &relayed->transcript;
    struct ws_window window = {.base = buffer + WS_HEADER_MAX, .end = end - start};
    enum ws_event event;

    wsl_assert(buffer);
    if (end > start)
        memcpy(window.base, stream + start, end - start);
    do {
        event = ws_relay_decode(decoder, &window, keys);
        wsl_assert(window.out <= window.in && window.in <= window.end);
        wsl_assert(window.base >= buffer);
        wsl_assert(ws_relay_payload(window.base, window.out, keys != NULL) ==
                   window.out - window.headers);
        if (event == WS_DRAINED)
            break;
        struct ws_occurrence *o = &t->events[t->event_count++];
        *o = (struct ws_occurrence){.event = event,
                                    .first_shown_in = start,
                                    .window_end = end,
                                    .payload_before =
                                        t->payload_length +
                                        ws_relay_payload(window.base, window.out, keys != NULL)};
        if (event == WS_VIOLATION) {
            o->violation = decoder->violation;
        } else {
            o->close_code = event == WS_CLOSE ? decoder->close_code : 0;
            o->control_length = decoder->control_length;
            if (decoder->control)
                memcpy(o->control, decoder->control, decoder->control_length);
        }
    } while (event == WS_PING || event == WS_PONG);
    wsl_assert(event != WS_DRAINED || window.in == window.end);
    t->payload_length += ws_relay_payload(window.base, window.out, keys != NULL);
    memcpy(relayed->bytes + relayed->length, window.base, window.out);
    relayed->length += window.out;
    free(buffer);
    return event == WS_DRAINED;
}

/* Windows end at each of `cuts` (ascending) and at the end. */
static inline struct ws_relayed ws_relay_cut(const uint8_t *stream, size_t length, bool masked,
                                             bool refuse_text, struct ws_keys *keys,
                                             const size_t *cuts, size_t cut_count)
{
    struct ws_relayed relayed = {.transcript = ws_transcript_new(length)};
    struct ws_decoder decoder;
    size_t start = 0;

    relayed.bytes = malloc(length + (cut_count + 1) * WS_HEADER_MAX);
    wsl_assert(relayed.bytes);
    ws_frame_decoder_init(&decoder, masked, refuse_text);
    for (size_t i = 0; i <= cut_count; i++) {
        size_t end = i < cut_count ? cuts[i] : length;
        if (!ws_relay_window(&decoder, &relayed, stream, start, end, keys))
            break;
        start = end;
    }
    ws_frame_free_control(&decoder);
    return relayed;
}

/* NULL: what left is the same messages; else the difference. Completes relayed->transcript. */
static inline const char *ws_relay_differs(const struct ws_transcript *reference,
                                           struct ws_relayed *relayed, bool masked)
{
    struct ws_transcript *t = &relayed->transcript;
    struct ws_transcript out = ws_reference_decode(relayed->bytes, relayed->length, masked, false);
    const char *difference = NULL;

    if (out.event_count != 0 || out.payload_length != t->payload_length)
        difference = "what left is malformed";
    memcpy(t->payload, out.payload, size_min(out.payload_length, t->payload_length));
    if (!difference)
        difference = ws_transcript_differs(reference, t);
    size_t end = out.message_count > 0 ? out.messages[out.message_count - 1].end : 0;
    if (out.message_count != reference->message_count)
        difference = difference ? difference : "number of messages";
    for (size_t i = 0; !difference && i < out.message_count; i++)
        if (out.messages[i].opcode != reference->messages[i].opcode ||
            out.messages[i].end != reference->messages[i].end)
            difference = "message";
    /* A message that has begun is seen once a part of it has left, and only then. */
    uint8_t open = out.payload_length > end ? reference->open_message : 0;
    if (!difference && out.open_message != open)
        difference = "open message";
    ws_transcript_free(&out);
    return difference;
}

#endif
