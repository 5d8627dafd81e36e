#include "codec/ws/ws_frame.h"

#include "codec/ws/ws_mask.h"

/*
 *       0                   1                   2                   3
 *      +-+-+-+-+-------+-+-------------+-------------------------------+
 *      |F|R|R|R|       |M|             | 126: 16 bits of length        |
 *      |I|S|S|S|opcode |A|   length    | 127: 64 bits of length        |
 *      |N|V|V|V|       |S| 0..125      | then 4 bytes of mask          |
 *      | |1|2|3|       |K|             | then the payload              |
 *      +-+-+-+-+-------+-+-------------+-------------------------------+
 *
 * The decoder is either between frames (payload_left is 0, header_length bytes of the next header
 * are kept) or inside one (payload_left bytes of it are still to come). `message` tells, across
 * frames, whether a fragmented message is open and of which kind.
 */
enum {
    BIT_FIN = 0x80,
    BITS_RSV = 0x70,
    BITS_OPCODE = 0x0F,
    BIT_CONTROL = 0x08,
    BIT_MASK = 0x80,
    BITS_LENGTH = 0x7F,
    LENGTH_16 = 126,
    LENGTH_64 = 127,
    MASK_SIZE = WS_KEY_SIZE,
};

static inline uint64_t big_endian(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* ---- headers ---- */

static enum reason judge_first_byte(const struct ws_decoder *decoder, uint8_t first)
{
    uint8_t opcode = first & BITS_OPCODE;

    if (first & BITS_RSV)
        return REASON_ws_rsv;
    if (opcode > WS_OP_PONG || (opcode > WS_OP_BINARY && opcode < WS_OP_CLOSE))
        return REASON_ws_opcode;
    if (opcode & BIT_CONTROL)
        return first & BIT_FIN ? REASON_none : REASON_ws_control_fragmented;
    if (opcode == WS_OP_CONTINUATION)
        return decoder->message ? REASON_none : REASON_ws_continuation;
    if (decoder->message)
        return REASON_ws_interleaved;
    return opcode == WS_OP_TEXT && decoder->refuse_text ? REASON_ws_text_refused : REASON_none;
}

static enum reason judge_second_byte(const struct ws_decoder *decoder, const uint8_t *header)
{
    uint8_t opcode = header[0] & BITS_OPCODE, length = header[1] & BITS_LENGTH;

    if (!(header[1] & BIT_MASK) == decoder->expect_mask)
        return decoder->expect_mask ? REASON_ws_unmasked : REASON_ws_masked;
    if (opcode & BIT_CONTROL && length > WS_CONTROL_MAX)
        return REASON_ws_control_long;
    if (opcode == WS_OP_CLOSE && length == 1) /* RFC 6455 section 5.5.1: the code takes two */
        return REASON_ws_close_malformed;
    return REASON_none;
}

/* RFC 6455 section 5.2: the minimal number of bytes must be used, and the top bit must be 0. */
static enum reason judge_length(const uint8_t *header, size_t have)
{
    uint8_t length = header[1] & BITS_LENGTH;
    bool bad = false;

    if (length == LENGTH_16)
        bad = have >= 4 && big_endian(header + 2, 2) < LENGTH_16;
    else if (length == LENGTH_64)
        bad = (have >= 3 && header[2] & 0x80) || (have >= 8 && big_endian(header + 2, 6) == 0);
    return bad ? REASON_ws_length : REASON_none;
}

/*
 * Judges the first `have` bytes of a header. Each byte is judged as soon as it is there, and the
 * earliest decides, so the verdict does not depend on how the header is cut.
 */
static enum reason judge_header(const struct ws_decoder *decoder, const uint8_t *header,
                                size_t have)
{
    enum reason reason = judge_first_byte(decoder, header[0]);

    if (reason == REASON_none && have >= 2)
        reason = judge_second_byte(decoder, header);
    if (reason == REASON_none && have >= 3)
        reason = judge_length(header, have);
    return reason;
}

static inline size_t header_size(uint8_t second)
{
    uint8_t length = second & BITS_LENGTH;
    size_t extended = length == LENGTH_16 ? 2 : length == LENGTH_64 ? 8 : 0;

    return 2 + extended + (second & BIT_MASK ? MASK_SIZE : 0);
}

static void begin_frame(struct ws_decoder *decoder, const uint8_t *header, size_t size)
{
    uint8_t length = header[1] & BITS_LENGTH;

    decoder->header_length = 0;
    decoder->opcode = header[0] & BITS_OPCODE;
    decoder->final = header[0] & BIT_FIN;
    decoder->payload_left = length == LENGTH_16   ? big_endian(header + 2, 2)
                            : length == LENGTH_64 ? big_endian(header + 2, 8)
                                                  : length;
    if (decoder->expect_mask)
        memcpy(decoder->mask, header + size - MASK_SIZE, MASK_SIZE);
    if (decoder->opcode & BIT_CONTROL)
        ws_frame_free_control(decoder);
    else if (decoder->opcode != WS_OP_CONTINUATION)
        decoder->message = decoder->opcode;
}

bool ws_frame_read_header(struct ws_decoder *decoder, struct ws_window *window)
{
    size_t kept = decoder->header_length;
    size_t fresh = size_min(window->end - window->in, sizeof(decoder->header) - kept);
    const uint8_t *header = window->base + window->in;

    if (fresh == 0)
        return false;
    if (kept > 0) {
        memcpy(decoder->header + kept, header, fresh);
        header = decoder->header;
    }
    size_t have = kept + fresh;
    decoder->violation = (uint8_t)judge_header(decoder, header, have);
    if (decoder->violation != REASON_none)
        return false;
    if (have < 2 || have < header_size(header[1])) {
        if (kept == 0)
            memcpy(decoder->header, header, have);
        decoder->header_length = (uint8_t)have;
        window->in = window->end;
        return false;
    }
    size_t size = header_size(header[1]);
    begin_frame(decoder, header, size);
    window->in += size - kept;
    return true;
}

/* ---- payload ---- */

/* Moves `length` payload bytes from window->in to `to`, unmasked. */
static inline void take(struct ws_decoder *decoder, struct ws_window *window, uint8_t *to,
                        size_t length)
{
    const uint8_t *from = window->base + window->in;

    if (decoder->expect_mask)
        ws_mask_move(to, from, length, decoder->mask);
    else
        memmove(to, from, length);
    window->in += length;
    decoder->payload_left -= length;
}

bool ws_frame_check_text(struct ws_decoder *decoder, const uint8_t *bytes, size_t length)
{
    bool ends = decoder->final && decoder->payload_left == 0;

    if (utf8_feed(&decoder->text, bytes, length) && !(ends && !utf8_is_complete(&decoder->text)))
        return true;
    decoder->violation = REASON_ws_bad_utf8;
    return false;
}

/* True when the data frame is complete. False: violation, or the window ended. */
static bool forward_data(struct ws_decoder *decoder, struct ws_window *window)
{
    size_t length = size_min(decoder->payload_left, window->end - window->in);
    uint8_t *to = window->base + window->out;

    take(decoder, window, to, length);
    if (decoder->message == WS_OP_TEXT && !ws_frame_check_text(decoder, to, length))
        return false;
    window->out += length;
    if (decoder->payload_left > 0)
        return false;
    if (decoder->final)
        decoder->message = 0;
    return true;
}

void ws_frame_free_control(struct ws_decoder *decoder)
{
    free(decoder->control);
    decoder->control = NULL;
    decoder->control_length = 0;
}

/* Its first bytes are next. False: out of memory, a violation. */
static bool begin_control(struct ws_decoder *decoder)
{
    decoder->control = malloc(decoder->payload_left);
    if (!decoder->control)
        decoder->violation = REASON_out_of_memory;
    return decoder->control != NULL;
}

/* True when the control frame is complete. */
static bool collect_control(struct ws_decoder *decoder, struct ws_window *window)
{
    size_t length = size_min(decoder->payload_left, window->end - window->in);

    take(decoder, window, decoder->control + decoder->control_length, length);
    decoder->control_length += (uint8_t)length;
    return decoder->payload_left == 0;
}

/* RFC 6455 section 7.4 and the IANA registry: codes that may stand in a frame. */
static bool close_code_valid(uint16_t code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static enum reason judge_close(struct ws_decoder *decoder)
{
    decoder->close_code = 0;
    if (decoder->control_length == 0)
        return REASON_none;
    decoder->close_code = (uint16_t)big_endian(decoder->control, 2);
    if (!close_code_valid(decoder->close_code))
        return REASON_ws_close_malformed;
    struct slice text = {(const char *)decoder->control + 2, decoder->control_length - 2u};
    if (!utf8_is_valid(text))
        return REASON_ws_bad_utf8;
    return REASON_none;
}

static enum ws_event control_event(struct ws_decoder *decoder)
{
    if (decoder->opcode == WS_OP_PING)
        return WS_PING;
    if (decoder->opcode == WS_OP_PONG)
        return WS_PONG;
    decoder->violation = (uint8_t)judge_close(decoder);
    return decoder->violation == REASON_none ? WS_CLOSE : WS_VIOLATION;
}

enum ws_event ws_frame_take_control(struct ws_decoder *decoder, struct ws_window *window)
{
    if (decoder->payload_left == 0)
        return control_event(decoder);
    if (!decoder->control && !begin_control(decoder))
        return WS_VIOLATION;
    return collect_control(decoder, window) ? control_event(decoder) : WS_DRAINED;
}

/* ---- decoder ---- */

void ws_frame_decoder_init(struct ws_decoder *decoder, bool expect_mask, bool refuse_text)
{
    *decoder = (struct ws_decoder){.expect_mask = expect_mask, .refuse_text = refuse_text};
}

/*
 * A fast path for whole unfragmented binary messages, which is nearly all that a busy client sends.
 * It stops before any other frame and leaves it untouched for ws_frame_read_header and
 * forward_data. It halves the cost of a 64-byte frame.
 */
static inline void forward_whole_messages(struct ws_window *window)
{
    uint8_t *base = window->base;
    size_t out = window->out, in = window->in, end = window->end;

    while (end - in >= 2 + MASK_SIZE && base[in] == (BIT_FIN | WS_OP_BINARY)) {
        size_t length = base[in + 1] ^ BIT_MASK, mask_at = in + 2;
        if (length == LENGTH_16) {
            length = big_endian(base + mask_at, 2);
            mask_at += 2;
            if (length < LENGTH_16)
                break;
        } else if (length > LENGTH_16) { /* 64 bits of length, or no mask */
            break;
        }
        size_t payload_at = mask_at + MASK_SIZE;
        if (end - in < payload_at - in + length)
            break;
        uint8_t mask[MASK_SIZE];
        memcpy(mask, base + mask_at, MASK_SIZE);
        ws_mask_move(base + out, base + payload_at, length, mask);
        window->out = out += length;
        window->in = in = payload_at + length;
    }
}

enum ws_event ws_frame_decode(struct ws_decoder *decoder, struct ws_window *window)
{
    wsl_assert(window->out <= window->in && window->in <= window->end);

    for (;;) {
        if (decoder->payload_left == 0) {
            if (decoder->expect_mask && decoder->message == 0 && decoder->header_length == 0)
                forward_whole_messages(window);
            if (!ws_frame_read_header(decoder, window))
                return ws_frame_stopped(decoder);
        }
        if (ws_frame_is_control(decoder))
            return ws_frame_take_control(decoder, window);
        if (!forward_data(decoder, window))
            return ws_frame_stopped(decoder);
    }
}

/* ---- encoder ---- */

uint8_t *ws_frame_header_before(uint8_t *payload, enum ws_opcode opcode, uint64_t payload_length)
{
    size_t size = ws_frame_header_size(payload_length);
    uint8_t *header = payload - size;

    header[0] = (uint8_t)(BIT_FIN | opcode);
    if (size == 2) {
        header[1] = (uint8_t)payload_length;
        return header;
    }
    header[1] = size == 4 ? LENGTH_16 : LENGTH_64;
    for (size_t i = size; i > 2; i--, payload_length >>= 8)
        header[i - 1] = (uint8_t)payload_length;
    return header;
}

uint8_t *ws_frame_masked_before(uint8_t *payload, enum ws_opcode opcode, size_t payload_length,
                                struct ws_keys *keys)
{
    uint8_t *key = payload - MASK_SIZE, rotated[MASK_SIZE];
    uint8_t *header = ws_frame_header_before(key, opcode, payload_length);

    header[1] |= BIT_MASK;
    ws_keys_take(keys, key);
    memcpy(rotated, key, MASK_SIZE);
    ws_mask_move(payload, payload, payload_length, rotated);
    return header;
}

size_t ws_frame_control(uint8_t out[static 2 + WS_CONTROL_MAX], enum ws_opcode opcode,
                        const uint8_t *payload, size_t length)
{
    wsl_assert(opcode & BIT_CONTROL && length <= WS_CONTROL_MAX);
    out[0] = (uint8_t)(BIT_FIN | opcode);
    out[1] = (uint8_t)length;
    if (length > 0)
        memcpy(out + 2, payload, length);
    return 2 + length;
}

size_t ws_frame_close(uint8_t out[static 2 + WS_CONTROL_MAX], uint16_t code, const char *text)
{
    uint8_t payload[WS_CONTROL_MAX];

    if (code == 0)
        return ws_frame_control(out, WS_OP_CLOSE, NULL, 0);
    size_t length = utf8_cut(text, strlen(text), sizeof(payload) - 2);
    payload[0] = (uint8_t)(code >> 8);
    payload[1] = (uint8_t)code;
    memcpy(payload + 2, text, length);
    return ws_frame_control(out, WS_OP_CLOSE, payload, 2 + length);
}

size_t ws_frame_mask_control(uint8_t frame[static WS_CONTROL_FRAME_MAX], size_t length,
                             struct ws_keys *keys)
{
    uint8_t *payload = frame + 2 + MASK_SIZE;
    enum ws_opcode opcode = frame[0] & BITS_OPCODE;

    wsl_assert(length >= 2 && length <= 2 + WS_CONTROL_MAX);
    memmove(payload, frame + 2, length - 2);
    (void)ws_frame_masked_before(payload, opcode, length - 2, keys);
    return length + MASK_SIZE;
}
