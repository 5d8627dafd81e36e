/*
 * Frames of one WebSocket become frames of another, in place: for a relay between a client and a
 * server that both speak WebSocket.
 *
 * Kept: messages, their types (text, binary), their ends, empty ones among them. Not kept:
 * fragments. A frame that the window cuts leaves as a fragment, so that the output of each call
 * ends with a whole frame and nothing is collected; an empty fragment inside a message is dropped.
 * RFC 6455 section 5.4 allows both without extensions. Control frames are events, as in ws_frame.h.
 *
 * Pure; masking keys come from ws_keys. Owns: nothing. Thread: any. Errors: WS_VIOLATION, as
 * ws_frame.h. Lifetime: none.
 */
#ifndef WSLUICE_CODEC_WS_WS_RELAY_H
#define WSLUICE_CODEC_WS_WS_RELAY_H

#include "codec/ws/ws_frame.h"

/*
 * As ws_frame_decode, but base..out becomes whole frames. `keys`: they leave masked, as to a
 * server, which only what comes masked can; NULL: unmasked, as to a client.
 *
 * A window begins with out == 0 and WS_HEADER_MAX writable bytes in front of `base`: the first
 * frame that leaves may need room for its header there, and `base` moves down by as much. One
 * decoder is given either to this function or to ws_frame_decode, always.
 */
WSL_MUST_CHECK enum ws_event ws_relay_decode(struct ws_decoder *decoder, struct ws_window *window,
                                             struct ws_keys *keys);

/*
 * What ws_relay_decode has written becomes bare payload, from its beginning on, for those who look
 * on; returns its length.
 */
WSL_MUST_CHECK size_t ws_relay_strip(uint8_t *frames, size_t length);

#endif
