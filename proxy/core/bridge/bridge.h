/*
 * An open session: two ends, two pipes between them, and the order in which they end. An end is a
 * transport and its framing: raw bytes, or WebSocket frames, as their server or as their client.
 *
 *             up: decode, unmask, compact in place; encode for the target
 *      client ------------------------------------> target
 *             <------------------------------------
 *             down: the same the other way; pong, ping and Close between frames
 *
 * Between two WebSockets, messages keep their types and their ends. A gateway's client speaks
 * WebSocket and its target raw bytes; `connect` and a raw listener have it the other way round.
 *
 * How it ends. The first reason stays. Each direction then ends on its own:
 */
/* clang-format off */
/*
 *      event at S             from S                  towards S
 *      raw: EOF               ENDING: carry, last     flows until the other end has finished
 *      raw: broken            ENDING: carry, last     BROKEN
 *      WebSocket: Close       ENDING: carry, last     ENDING: carry, Close echoed, FIN
 *      WebSocket: EOF         ENDING: carry, last     flows until the other end has finished
 *      WebSocket: violation   ENDING: carry, last     ENDING: carry, Close 100x, FIN
 *      WebSocket: broken      ENDING: carry, last     BROKEN
 *      we end it (1001, ...)  towards a WebSocket: ENDING: carry, Close
 *                             towards a raw end: flows until the WebSocket's Close; between two
 *                             raw ends ENDING: carry, FIN
 *
 *      last: FIN to a raw end, Close to a WebSocket
 */
/* clang-format on */
/*
 * A raw end gets a FIN. A WebSocket gets a Close, that of the other end if there is one, and our
 * FIN once it can send no more frames. The bridge is done when both ends have finished sending and
 * both pipes have ended. Bytes that come too late are dropped.
 *
 * A raw client of a WebSocket target: enum bridge_eof says what its EOF does. Close and FIN are
 * ends like others; with BRIDGE_EOF_WAIT it is no end: the bridge has no reason yet, pings and all
 * limits go on, and the reason is what ends the session afterwards, such as the target's Close.
 *
 * Pure: uses transports only by their contract, and time is a parameter, so it runs under tests and
 * fuzzers without sockets.
 *
 * Owns: both pipes' carries, a target's frames. Thread: its worker. Errors: end up in `reason`.
 * Lifetime: bridge_free; the transports are borrowed and must outlive it.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_H

#include "core/bridge/bridge_state.h"

/*
 * With the client's side alone, a WebSocket's server end; nothing is read before bridge_attach or
 * bridge_end.
 */
void bridge_init(struct bridge *bridge, struct transport *client, bool refuse_text, uint64_t now);

/* Likewise, with a client that sends raw bytes. */
void bridge_init_raw(struct bridge *bridge, struct transport *client, uint64_t now);

/* Sends bytes before any frame: the 101 head. */
void bridge_send_upgrade(struct bridge *bridge, const void *bytes, size_t length, uint64_t now);

/*
 * The target is connected; bytes flow. If the client has failed meanwhile, the bridge ends as if
 * that happened now.
 */
void bridge_attach(struct bridge *bridge, struct transport *target, uint64_t now);

/* Likewise, with a target that speaks WebSocket; takes `frames` over. */
void bridge_attach_framed(struct bridge *bridge, struct transport *target,
                          struct bridge_frames *frames, enum bridge_eof eof, uint64_t now);

/*
 * Takes frames that came with the request's head; changes them in place, and may change
 * WS_HEADER_MAX bytes in front of them. Once, before the first turn that reads: after
 * bridge_attach, or after bridge_end if there is no target.
 */
void bridge_take_early(struct bridge *bridge, uint8_t *bytes, size_t length, uint64_t now);

/* Takes bytes of the target that were read before bridge_attach; likewise. */
void bridge_take_first(struct bridge *bridge, uint8_t *bytes, size_t length, uint64_t now);

/*
 * Reads one buffer of each end that is ready, and moves what can be moved; `ready` has bits of
 * bridge_ready. Returns which ends can be read on at once: BRIDGE_CLIENT_READ, BRIDGE_TARGET_READ.
 */
unsigned bridge_turn(struct bridge *bridge, struct bridge_scratch *scratch, unsigned ready,
                     uint64_t now);

/* What to wait for, computed anew after each turn. */
unsigned bridge_want(const struct bridge *bridge);

/* Ends the session in good order for a reason of wsluice; idempotent, the first reason stays. */
void bridge_end(struct bridge *bridge, enum reason reason, uint64_t now);

static inline bool bridge_is_ending(const struct bridge *bridge)
{
    return bridge->reason != REASON_none;
}

/* Nothing is left to do: the transports may be closed. */
bool bridge_is_done(const struct bridge *bridge);

/* Of the client's last ping, or else the target's, plus one millisecond; 0: unknown. */
static inline uint32_t bridge_round_trip(const struct bridge *bridge)
{
    if (bridge->client.framed || !bridge->far)
        return bridge->frames.round_trip;
    return bridge->far->round_trip;
}

/* Which rule the target's frames have broken, if the bridge ends with target_frames. */
static inline enum reason bridge_violation_of_target(const struct bridge *bridge)
{
    return bridge->far ? (enum reason)bridge->far->decoder.violation : REASON_none;
}

void bridge_free(struct bridge *bridge);

#endif
