#include "codec/ws/ws_relay.h"

#include "codec/ws/ws_mask.h"

#define BIT_FIN  0x80
#define BIT_MASK 0x80

/*
 * Room for `size` bytes of header between `out` and `in`. A frame whose header lies in the window
 * brings it: lengths are minimal on both sides, and a part is not longer than its frame. Only the
 * first frame of a window may have had its header, or a part of it, in an earlier one.
 */
static inline void make_room(struct ws_window *window, size_t size)
{
    size_t room = window->in - window->out;
    if (WSL_LIKELY(room >= size))
        return;
    wsl_assert(window->out == 0);
    window->base -= size - room;
    window->in += size - room;
    window->end += size - room;
}

/* One pass over what is masked on both sides: by the exclusive or of both keys. */
static inline void change_mask(uint8_t *to, const uint8_t *from, size_t length, uint8_t mask[4],
                               const uint8_t key[WS_KEY_SIZE])
{
    uint8_t both[WS_KEY_SIZE], was[WS_KEY_SIZE];
    for (size_t i = 0; i < WS_KEY_SIZE; i++)
        both[i] = mask[i] ^ key[i];
    ws_mask_move(to, from, length, both);
    memcpy(was, mask, sizeof(was));
    for (size_t i = 0; i < WS_KEY_SIZE; i++)
        mask[i] = was[(length + i) % WS_KEY_SIZE];
}

/* The payload moves to `to`; a text is checked on the way. False: violation. */
static inline bool move_payload(struct ws_decoder *decoder, uint8_t *to, const uint8_t *from,
                                size_t length, const uint8_t *key)
{
    bool text = decoder->message == WS_OP_TEXT;
    if (key && !text) {
        change_mask(to, from, length, decoder->mask, key);
        return true;
    }
    if (decoder->expect_mask)
        ws_mask_move(to, from, length, decoder->mask);
    else if (to != from)
        memmove(to, from, length);
    if (text && !ws_frame_check_text(decoder, to, length))
        return false;
    if (key) {
        uint8_t rotated[WS_KEY_SIZE];
        memcpy(rotated, key, sizeof(rotated));
        ws_mask_move(to, to, length, rotated);
    }
    return true;
}

/* Sends the part of the frame that the window has. False: violation. */
static bool send_part(struct ws_decoder *decoder, struct ws_window *window, size_t length,
                      bool ends_message, struct ws_keys *keys)
{
    size_t key_size = keys ? WS_KEY_SIZE : 0;
    size_t size = ws_frame_header_size(length) + key_size;
    uint8_t key[WS_KEY_SIZE] = {0};

    make_room(window, size);
    uint8_t *to = window->base + window->out + size;
    const uint8_t *from = window->base + window->in;
    window->in += length;
    if (keys)
        ws_keys_take(keys, key);
    if (!move_payload(decoder, to, from, length, keys ? key : NULL))
        return false;
    enum ws_opcode opcode = decoder->part_sent ? WS_OP_CONTINUATION : decoder->message;
    uint8_t *header = ws_frame_header_before(to - key_size, opcode, length);
    if (!ends_message)
        header[0] &= (uint8_t)~BIT_FIN;
    if (keys) {
        header[1] |= BIT_MASK;
        memcpy(to - WS_KEY_SIZE, key, WS_KEY_SIZE);
    }
    window->out += size + length;
    window->headers += size;
    return true;
}

/* True when the frame is complete. False: violation, or the window ended. */
static bool relay_data(struct ws_decoder *decoder, struct ws_window *window, struct ws_keys *keys)
{
    size_t length = size_min(decoder->payload_left, window->end - window->in);
    decoder->payload_left -= length;
    bool whole = decoder->payload_left == 0, ends_message = whole && decoder->final;

    if (length > 0 || ends_message) {
        if (!send_part(decoder, window, length, ends_message, keys))
            return false;
        decoder->part_sent = !ends_message;
    }
    if (ends_message)
        decoder->message = 0;
    return whole;
}

enum ws_event ws_relay_decode(struct ws_decoder *decoder, struct ws_window *window,
                              struct ws_keys *keys)
{
    wsl_assert(window->out <= window->in && window->in <= window->end);
    wsl_assert(decoder->expect_mask || !keys);

    for (;;) {
        if (decoder->payload_left == 0 && !ws_frame_read_header(decoder, window))
            return ws_frame_stopped(decoder);
        if (ws_frame_is_control(decoder))
            return ws_frame_take_control(decoder, window);
        if (!relay_data(decoder, window, keys))
            return ws_frame_stopped(decoder);
    }
}

/* ---- payload alone ---- */

/* The length in a header that is whole; *size: of the header, without a key. */
static size_t read_length(const uint8_t *header, size_t *size)
{
    size_t length = header[1] & ~BIT_MASK;
    *size = length < 126 ? 2 : length == 126 ? 4 : 10;
    for (size_t i = 2; i < *size; i++)
        length = (i == 2 ? 0 : length << 8) | header[i];
    return length;
}

size_t ws_relay_strip(uint8_t *frames, size_t length)
{
    size_t in = 0, out = 0;
    while (in < length) {
        uint8_t key[WS_KEY_SIZE] = {0};
        bool masked = frames[in + 1] & BIT_MASK;
        size_t size, payload = read_length(frames + in, &size);
        in += size;
        if (masked)
            memcpy(key, frames + in, sizeof(key));
        in += masked ? sizeof(key) : 0;
        wsl_assert(payload <= length - in);
        ws_mask_move(frames + out, frames + in, payload, key);
        in += payload;
        out += payload;
    }
    return out;
}
