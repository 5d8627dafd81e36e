/*
 * The framing of one end of a bridge: what it has received of a frame, the control frame that waits
 * for its turn, its pings.
 *
 * Pure. Owns: the control frames. Thread: the bridge's worker. Errors: out of memory, as said
 * below. Lifetime: bridge_frames_init to bridge_frames_free.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_FRAMES_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_FRAMES_H

#include "codec/ws/ws_frame.h"

struct bridge_frames {
    struct ws_decoder decoder;
    struct ws_keys *keys; /* borrowed; mask what we send as a client. NULL: we are the server */
    uint8_t *slot;        /* owned; the pong or ping to send at the next frame boundary */
    uint8_t slot_length;  /* 0: the slot is NULL */
    uint32_t round_trip;  /* of the last ping, plus one millisecond; 0: unknown */
    /* Milliseconds on the caller's clock. */
    uint64_t received_at;
    uint64_t pinged_at;   /* 0: no ping is unanswered */
    uint64_t ping_out_at; /* 0: no pong is due whose round trip can be measured */
};

/* `keys`: see above. */
void bridge_frames_init(struct bridge_frames *frames, struct ws_keys *keys, bool refuse_text);

/* To bridge_frames_init; of zeroed memory: nothing happens. */
void bridge_frames_free(struct bridge_frames *frames);

/* Something has come from the peer. */
void bridge_frames_heard(struct bridge_frames *frames, uint64_t now);

/* The payload of the last control frame that has come. */
struct slice bridge_frames_received(const struct bridge_frames *frames);

/*
 * A ping or pong of the peer has been decoded, and its payload is not kept. True: the round trip
 * has been measured. Out of memory: the ping has no answer.
 */
bool bridge_frames_control(struct bridge_frames *frames, enum ws_event event, uint64_t now);

/* Writes the header of a binary frame before its payload, masks that as a client; the beginning. */
uint8_t *bridge_frames_before(struct bridge_frames *frames, uint8_t *payload, size_t length);

/* A whole control or Close frame for this end, as ws_frame's; returns its length. */
size_t bridge_frames_encode(struct bridge_frames *frames, uint8_t out[static WS_CONTROL_FRAME_MAX],
                            enum ws_opcode opcode, struct slice payload);
size_t bridge_frames_close(struct bridge_frames *frames, uint8_t out[static WS_CONTROL_FRAME_MAX],
                           uint16_t code, const char *text);

/* Puts a ping of ours in the slot. Out of memory: nothing happens. */
void bridge_frames_ping(struct bridge_frames *frames, uint64_t now);

#endif
