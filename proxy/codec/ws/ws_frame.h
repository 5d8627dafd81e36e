/*
 * WebSocket frames, RFC 6455 section 5: decode in place, encode headers.
 *
 * Pure: bytes in, verdict out; masking keys come from ws_keys. The decoder keeps no payload of data
 * frames: it unmasks it and moves it to the left in the caller's buffer, so that the payloads of
 * many frames become one run of bytes. Only a control frame (125 bytes at most) is collected inside
 * the decoder.
 *
 * Owns: nothing outside its struct. Thread: any. Errors: WS_VIOLATION with a reason; the decoder is
 * then finished and must not be called again. Lifetime: none, it is plain memory.
 */
#ifndef WSLUICE_CODEC_WS_WS_FRAME_H
#define WSLUICE_CODEC_WS_WS_FRAME_H

#include "base/base.h"
#include "base/reason.h"
#include "base/text/utf8.h"
#include "codec/ws/ws_keys.h"

#define WS_HEADER_MAX        14  /* with a key, and 64 bits of length */
#define WS_CONTROL_MAX       125 /* payload, RFC 6455 section 5.5 */
#define WS_CONTROL_FRAME_MAX (2 + WS_KEY_SIZE + WS_CONTROL_MAX)

enum ws_opcode {
    WS_OP_CONTINUATION = 0x0,
    WS_OP_TEXT = 0x1,
    WS_OP_BINARY = 0x2,
    WS_OP_CLOSE = 0x8,
    WS_OP_PING = 0x9,
    WS_OP_PONG = 0xA,
};

/*
 * The caller's buffer, seen by the decoder:
 *
 *      base        out            in             end
 *       | payload   | free         | not yet seen |
 *
 * The decoder reads from `in`, appends payload at `out`, and keeps out <= in. After every call
 * base..out is payload ready for the target.
 */
struct ws_window {
    uint8_t *base;
    size_t out, in, end;
    size_t headers; /* bytes in base..out that are not payload: ws_relay.h */
};

enum ws_event {
    WS_DRAINED, /* all of the window was read (in == end) */
    WS_PING,    /* payload in control[0 .. control_length); call again for the rest */
    WS_PONG,    /* likewise */
    /* close_code (0: none), text in control[2 .. control_length); finished: ignore what follows */
    WS_CLOSE,
    WS_VIOLATION, /* see `violation`; finished; nothing of the offending frame is in out */
};

struct ws_decoder {
    uint64_t payload_left; /* of the current frame */
    uint8_t mask[4];       /* rotated so that mask[0] belongs to the next payload byte */
    uint8_t header[14];    /* what earlier windows held of a header that they cut */
    uint16_t close_code;
    uint8_t header_length;
    uint8_t opcode;   /* of the current frame */
    uint8_t message;  /* opcode of the message in progress, 0 between messages */
    bool final;       /* FIN bit of the current frame */
    bool expect_mask; /* true for a server: every frame must be masked; client: none */
    bool refuse_text;
    bool part_sent; /* ws_relay.h: of the message in progress, a part has been sent */
    struct utf8 text;
    uint8_t control_length;
    uint8_t violation; /* enum reason */
    uint8_t *control;  /* owned; payload of the last control frame, until the next; NULL: none */
};
_Static_assert(sizeof(struct ws_decoder) <= 48, "a session holds one of these");
_Static_assert(REASON_COUNT <= UINT8_MAX, "`violation` holds one");

void ws_frame_decoder_init(struct ws_decoder *decoder, bool expect_mask, bool refuse_text);

/* Frees `control`, when its event is handled or at the end: most sessions have none for long. */
void ws_frame_free_control(struct ws_decoder *decoder);

/*
 * Decodes as much of the window as it can and stops at an event. Payload and events do not depend
 * on how the input is cut into windows, with one exception: of a text frame that turns out not to
 * be UTF-8, the payload of earlier windows has been passed on already.
 *
 * Of several violations in a frame, the one in the earliest byte is reported, as soon as that byte
 * is there; within the first byte in the order RSV, opcode, fragmented control frame, order of
 * fragments, text refused; within the second in the order mask, length of a control frame.
 */
WSL_MUST_CHECK enum ws_event ws_frame_decode(struct ws_decoder *decoder, struct ws_window *window);

/* ---- for ws_relay.h: all of decoding but what becomes of the payload of data frames ---- */

/* Of a header that we write; a masked one has a key behind it. */
static inline size_t ws_frame_header_size(uint64_t payload_length)
{
    return payload_length < 126 ? 2 : payload_length <= UINT16_MAX ? 4 : 10;
}

static inline bool ws_frame_is_control(const struct ws_decoder *decoder)
{
    return decoder->opcode & 0x08;
}

/*
 * Reads one header in place; a header that the window cuts is kept, and completed from the next
 * window. False: violation, or the window ended.
 */
WSL_MUST_CHECK bool ws_frame_read_header(struct ws_decoder *decoder, struct ws_window *window);

/* After a function returned false: violation, or the window ended. */
static inline enum ws_event ws_frame_stopped(const struct ws_decoder *decoder)
{
    return decoder->violation == REASON_none ? WS_DRAINED : WS_VIOLATION;
}

/*
 * The next `length` bytes of a text message, as they came. Across fragments: a character may be cut
 * by a frame, but not by the end of the message. False: `violation` is set.
 */
WSL_MUST_CHECK bool ws_frame_check_text(struct ws_decoder *decoder, const uint8_t *bytes,
                                        size_t length);

/* Collects a control frame; its event, once it is complete. */
WSL_MUST_CHECK enum ws_event ws_frame_take_control(struct ws_decoder *decoder,
                                                   struct ws_window *window);

/* ---- encoder ---- */

/*
 * Writes the minimal, unmasked, final header of a frame (2 to 10 bytes) into the headroom before
 * its payload; returns its beginning.
 */
uint8_t *ws_frame_header_before(uint8_t *payload, enum ws_opcode opcode, uint64_t payload_length);

/*
 * Likewise as a client: masks the payload in place, and writes the header with the key (6 to
 * WS_HEADER_MAX bytes).
 */
uint8_t *ws_frame_masked_before(uint8_t *payload, enum ws_opcode opcode, size_t payload_length,
                                struct ws_keys *keys);

/* A whole control frame of at most WS_CONTROL_MAX bytes of payload; returns its length. */
size_t ws_frame_control(uint8_t out[static 2 + WS_CONTROL_MAX], enum ws_opcode opcode,
                        const uint8_t *payload, size_t length);

/* A whole Close frame with code and text (cut to fit, at a character); code 0: an empty one. */
size_t ws_frame_close(uint8_t out[static 2 + WS_CONTROL_MAX], uint16_t code, const char *text);

/*
 * Masks a whole control frame of one of the two functions above, in place, as a client has to;
 * returns its new length.
 */
size_t ws_frame_mask_control(uint8_t frame[static WS_CONTROL_FRAME_MAX], size_t length,
                             struct ws_keys *keys);

#endif
