/*
 * Decodes a stream of frames twice: by a slow, simple decoder over the whole stream, and by
 * ws_frame_decode in windows. Both write a transcript, and the transcripts must agree.
 *
 * Owns: transcripts, until ws_transcript_free. Thread: any. Errors: none. Lifetime: see Owns.
 */
#ifndef WSLUICE_TESTS_WS_REFERENCE_H
#define WSLUICE_TESTS_WS_REFERENCE_H

#include "codec/ws/ws_frame.h"
#include "lib/utf8_reference.h"

struct ws_occurrence {
    enum ws_event event;
    size_t payload_before;             /* bytes forwarded before it */
    size_t first_shown_in, window_end; /* reference: the byte that shows it; decoder: its window */
    uint16_t close_code;
    enum reason violation;
    size_t control_length;
    uint8_t control[WS_CONTROL_MAX];
};

/* A message that is complete. */
struct ws_message {
    uint8_t opcode;
    size_t end; /* in the payload */
};

struct ws_transcript {
    uint8_t *payload;
    size_t payload_length;
    struct ws_message *messages; /* reference */
    size_t message_count;
    uint8_t open_message; /* reference: opcode of the one that has begun, or 0 */
    struct ws_occurrence *events;
    size_t event_count;
    size_t bad_text_at; /* reference, after bad UTF-8: where that frame's payload begins; its bytes
                           follow those of `payload` */
};

static inline struct ws_transcript ws_transcript_new(size_t stream_length)
{
    struct ws_transcript t = {
        .payload = malloc(stream_length + 1),
        .messages = calloc(stream_length / 2 + 1, sizeof(struct ws_message)),
        .events = calloc(stream_length / 2 + 1, sizeof(struct ws_occurrence)),
        .bad_text_at = SIZE_MAX,
    };
    wsl_assert(t.payload && t.messages && t.events);
    return t;
}

static inline void ws_transcript_free(struct ws_transcript *t)
{
    free(t->payload);
    free(t->messages);
    free(t->events);
}

/* ---- the reference ---- */

struct ws_reference {
    const uint8_t *stream;
    size_t length, at;
    bool expect_mask, refuse_text;
    uint8_t message;   /* opcode of the open message, or 0 */
    size_t text_start; /* in the payload: where its unfinished character begins */
    struct ws_transcript out;
};

struct ws_reference_frame {
    bool fin, masked;
    uint8_t opcode, mask[4];
    uint64_t length;
};

static inline struct ws_occurrence *ws_reference_event(struct ws_reference *r, enum ws_event event,
                                                       size_t shown_at)
{
    struct ws_occurrence *o = &r->out.events[r->out.event_count++];

    o->event = event;
    o->payload_before = r->out.payload_length;
    o->first_shown_in = shown_at;
    return o;
}

static inline bool ws_reference_violation(struct ws_reference *r, enum reason why, size_t shown_at)
{
    ws_reference_event(r, WS_VIOLATION, shown_at)->violation = why;
    return false;
}

/* The following functions return false at the end of the stream or after a violation. */

static inline bool ws_reference_next(struct ws_reference *r, uint8_t *byte)
{
    if (r->at == r->length)
        return false;
    *byte = r->stream[r->at++];
    return true;
}

static inline bool ws_reference_first_byte(struct ws_reference *r, struct ws_reference_frame *f)
{
    uint8_t byte;

    if (!ws_reference_next(r, &byte))
        return false;
    f->fin = byte >> 7;
    f->opcode = byte & 15;
    enum reason why = REASON_none;
    if ((byte >> 4 & 7) != 0)
        why = REASON_ws_rsv;
    else if ((f->opcode >= 3 && f->opcode <= 7) || f->opcode >= 11)
        why = REASON_ws_opcode;
    else if (f->opcode >= 8 && !f->fin)
        why = REASON_ws_control_fragmented;
    else if (f->opcode == 0 && r->message == 0)
        why = REASON_ws_continuation;
    else if ((f->opcode == 1 || f->opcode == 2) && r->message != 0)
        why = REASON_ws_interleaved;
    else if (f->opcode == 1 && r->refuse_text)
        why = REASON_ws_text_refused;
    return why == REASON_none || ws_reference_violation(r, why, r->at - 1);
}

static inline bool ws_reference_length(struct ws_reference *r, struct ws_reference_frame *f)
{
    static const uint64_t smallest[] = {[0] = 0, [2] = 126, [8] = 65536};
    uint8_t byte;

    if (!ws_reference_next(r, &byte))
        return false;
    f->masked = byte >> 7;
    f->length = byte & 127;
    if (f->masked != r->expect_mask)
        return ws_reference_violation(r, f->masked ? REASON_ws_masked : REASON_ws_unmasked,
                                      r->at - 1);
    if (f->opcode >= 8 && f->length > 125)
        return ws_reference_violation(r, REASON_ws_control_long, r->at - 1);
    if (f->opcode == 8 && f->length == 1)
        return ws_reference_violation(r, REASON_ws_close_malformed, r->at - 1);

    size_t extra = f->length == 126 ? 2 : f->length == 127 ? 8 : 0;
    if (extra > 0)
        f->length = 0;
    for (size_t i = 0; i < extra; i++) {
        if (!ws_reference_next(r, &byte))
            return false;
        if (extra == 8 && i == 0 && byte >= 128)
            return ws_reference_violation(r, REASON_ws_length, r->at - 1);
        f->length = f->length * 256 + byte;
        /* The largest value that the missing bytes can make: */
        uint64_t most = f->length;
        for (size_t rest = i + 1; rest < extra; rest++)
            most = most * 256 + 255;
        if (most < smallest[extra])
            return ws_reference_violation(r, REASON_ws_length, r->at - 1);
    }
    for (size_t i = 0; f->masked && i < 4; i++)
        if (!ws_reference_next(r, &f->mask[i]))
            return false;
    return true;
}

static inline bool ws_reference_control(struct ws_reference *r, const struct ws_reference_frame *f)
{
    uint8_t payload[125] = {0};
    size_t bad_at;

    for (size_t i = 0; i < f->length; i++) {
        if (!ws_reference_next(r, &payload[i]))
            return false;
        payload[i] ^= f->mask[i % 4];
    }
    uint16_t code =
        f->opcode == 8 && f->length >= 2 ? (uint16_t)(payload[0] * 256 + payload[1]) : 0;
    if (f->opcode == 8 && f->length > 0) {
        bool registered = code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006);
        if (!registered && !(code >= 3000 && code < 5000))
            return ws_reference_violation(r, REASON_ws_close_malformed, r->at - 1);
        if (utf8_reference(payload + 2, f->length - 2, &bad_at) != UTF8_WHOLE)
            return ws_reference_violation(r, REASON_ws_bad_utf8, r->at - 1);
    }
    enum ws_event event = f->opcode == 8 ? WS_CLOSE : f->opcode == 9 ? WS_PING : WS_PONG;
    struct ws_occurrence *o = ws_reference_event(r, event, r->at - 1);
    o->close_code = code;
    o->control_length = f->length;
    memcpy(o->control, payload, f->length);
    return event != WS_CLOSE;
}

static inline bool ws_reference_data(struct ws_reference *r, const struct ws_reference_frame *f)
{
    struct ws_transcript *out = &r->out;
    const size_t payload_start = r->at, forwarded = out->payload_length;
    size_t bad_at;

    if (f->opcode != 0) {
        r->message = f->opcode;
        r->text_start = forwarded;
    }
    bool text = r->message == 1;
    for (uint64_t i = 0; i < f->length; i++) {
        uint8_t byte;
        if (!ws_reference_next(r, &byte))
            return false;
        out->payload[out->payload_length++] = byte ^ f->mask[i % 4];
        if (!text)
            continue;
        enum utf8_verdict verdict = utf8_reference(out->payload + r->text_start,
                                                   out->payload_length - r->text_start, &bad_at);
        if (verdict == UTF8_WHOLE)
            r->text_start = out->payload_length;
        if (verdict == UTF8_INVALID)
            goto bad_text;
    }
    if (text && f->fin && r->text_start != out->payload_length)
        goto bad_text;
    if (!f->fin)
        return true;
    out->messages[out->message_count++] = (struct ws_message){r->message, out->payload_length};
    r->message = 0;
    return true;

bad_text:
    out->payload_length = forwarded;
    out->bad_text_at = payload_start;
    return ws_reference_violation(r, REASON_ws_bad_utf8, r->at - 1);
}

static inline struct ws_transcript ws_reference_decode(const uint8_t *stream, size_t length,
                                                       bool expect_mask, bool refuse_text)
{
    struct ws_reference r = {.stream = stream,
                             .length = length,
                             .expect_mask = expect_mask,
                             .refuse_text = refuse_text,
                             .out = ws_transcript_new(length)};
    struct ws_reference_frame f = {0};

    while (ws_reference_first_byte(&r, &f) && ws_reference_length(&r, &f) &&
           (f.opcode >= 8 ? ws_reference_control(&r, &f) : ws_reference_data(&r, &f)))
        f = (struct ws_reference_frame){0};
    r.out.open_message = r.message;
    return r.out;
}

/* ---- the decoder ---- */

/* Decodes one window, in a buffer of its exact size; true: more may follow. */
static inline bool ws_decode_window(struct ws_decoder *decoder, struct ws_transcript *t,
                                    const uint8_t *stream, size_t start, size_t end, size_t gap)
{
    uint8_t *buffer = malloc(gap + end - start + 1);
    enum ws_event event;

    wsl_assert(buffer);
    struct ws_window window = {.base = buffer + 1, .in = gap, .end = gap + end - start};
    memcpy(window.base + gap, stream + start, end - start);
    do {
        event = ws_frame_decode(decoder, &window);
        wsl_assert(window.out <= window.in && window.in <= window.end);
        if (event == WS_DRAINED)
            break;
        struct ws_occurrence *o = &t->events[t->event_count++];
        *o = (struct ws_occurrence){.event = event,
                                    .payload_before = t->payload_length + window.out,
                                    .first_shown_in = start,
                                    .window_end = end};
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
    memcpy(t->payload + t->payload_length, window.base, window.out);
    t->payload_length += window.out;
    free(buffer);
    return event == WS_DRAINED;
}

/* Windows end at each of `cuts` (ascending) and at the end; `gap` free bytes precede each. */
static inline struct ws_transcript ws_decode_cut(const uint8_t *stream, size_t length,
                                                 bool expect_mask, bool refuse_text,
                                                 const size_t *cuts, size_t cut_count, size_t gap)
{
    struct ws_transcript t = ws_transcript_new(length);
    struct ws_decoder decoder;
    size_t start = 0;

    ws_frame_decoder_init(&decoder, expect_mask, refuse_text);
    for (size_t i = 0; i <= cut_count; i++) {
        size_t end = i < cut_count ? cuts[i] : length;
        if (!ws_decode_window(&decoder, &t, stream, start, end, gap))
            break;
        start = end;
    }
    ws_frame_free_control(&decoder);
    return t;
}

/* ---- comparison ---- */

/* NULL: they agree; else the difference. */
static inline const char *ws_transcript_differs(const struct ws_transcript *reference,
                                                const struct ws_transcript *decoded)
{
    size_t passed = 0; /* bytes of a bad text frame in earlier windows */

    if (reference->event_count != decoded->event_count)
        return "number of events";
    for (size_t i = 0; i < reference->event_count; i++) {
        const struct ws_occurrence *a = &reference->events[i], *b = &decoded->events[i];
        if (a->event != b->event)
            return "event";
        if (a->violation != b->violation)
            return "violation";
        if (a->close_code != b->close_code)
            return "close code";
        if (a->control_length != b->control_length ||
            memcmp(a->control, b->control, a->control_length) != 0)
            return "control payload";
        if (a->first_shown_in < b->first_shown_in || a->first_shown_in >= b->window_end)
            return "moment of the event";
        if (a->violation == REASON_ws_bad_utf8 && b->first_shown_in > reference->bad_text_at)
            passed = b->first_shown_in - reference->bad_text_at;
        if (a->payload_before + passed != b->payload_before)
            return "payload before the event";
    }
    if (reference->payload_length + passed != decoded->payload_length ||
        memcmp(reference->payload, decoded->payload, decoded->payload_length) != 0)
        return "payload";
    return NULL;
}

#endif
