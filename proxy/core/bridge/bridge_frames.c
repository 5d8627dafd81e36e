#include "core/bridge/bridge_frames.h"

void bridge_frames_init(struct bridge_frames *frames, struct ws_keys *keys, bool refuse_text)
{
    *frames = (struct bridge_frames){.keys = keys};
    ws_frame_decoder_init(&frames->decoder, !keys, refuse_text);
}

void bridge_frames_free(struct bridge_frames *frames)
{
    free(frames->slot);
    frames->slot = NULL;
    frames->slot_length = 0;
    ws_frame_free_control(&frames->decoder);
}

void bridge_frames_heard(struct bridge_frames *frames, uint64_t now)
{
    frames->received_at = now;
    frames->pinged_at = 0;
}

/* Our pings are empty; other pongs are the peer's own heartbeat, RFC 6455 section 5.5.3. */
static bool take_pong(struct bridge_frames *frames, uint64_t now)
{
    if (frames->ping_out_at == 0 || frames->decoder.control_length != 0)
        return false;
    frames->round_trip = (uint32_t)(now - frames->ping_out_at) + 1;
    frames->ping_out_at = 0;
    return true;
}

uint8_t *bridge_frames_before(struct bridge_frames *frames, uint8_t *payload, size_t length)
{
    if (frames->keys)
        return ws_frame_masked_before(payload, WS_OP_BINARY, length, frames->keys);
    return ws_frame_header_before(payload, WS_OP_BINARY, length);
}

static size_t mask(struct bridge_frames *frames, uint8_t *frame, size_t length)
{
    return frames->keys ? ws_frame_mask_control(frame, length, frames->keys) : length;
}

size_t bridge_frames_encode(struct bridge_frames *frames, uint8_t out[static WS_CONTROL_FRAME_MAX],
                            enum ws_opcode opcode, struct slice payload)
{
    const uint8_t *bytes = (const uint8_t *)payload.ptr;
    return mask(frames, out, ws_frame_control(out, opcode, bytes, payload.len));
}

size_t bridge_frames_close(struct bridge_frames *frames, uint8_t out[static WS_CONTROL_FRAME_MAX],
                           uint16_t code, const char *text)
{
    return mask(frames, out, ws_frame_close(out, code, text));
}

struct slice bridge_frames_received(const struct bridge_frames *frames)
{
    const struct ws_decoder *decoder = &frames->decoder;
    return (struct slice){(const char *)decoder->control, decoder->control_length};
}

/* Replaces what waits there. */
static bool fill_slot(struct bridge_frames *frames, enum ws_opcode opcode, struct slice payload)
{
    uint8_t frame[WS_CONTROL_FRAME_MAX];
    size_t length = bridge_frames_encode(frames, frame, opcode, payload);
    uint8_t *slot = malloc(length);
    if (!slot)
        return false;
    memcpy(slot, frame, length);
    free(frames->slot);
    frames->slot = slot;
    frames->slot_length = (uint8_t)length;
    return true;
}

bool bridge_frames_control(struct bridge_frames *frames, enum ws_event event, uint64_t now)
{
    bool measured = event == WS_PONG && take_pong(frames, now);
    if (event == WS_PING)
        (void)fill_slot(frames, WS_OP_PONG, bridge_frames_received(frames));
    ws_frame_free_control(&frames->decoder);
    return measured;
}

void bridge_frames_ping(struct bridge_frames *frames, uint64_t now)
{
    if (fill_slot(frames, WS_OP_PING, SLICE("")))
        frames->pinged_at = frames->ping_out_at = now;
}
