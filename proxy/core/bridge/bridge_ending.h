/*
 * How a bridge ends: reasons, directions, and what is sent last. Only for the modules of the
 * bridge.
 *
 * Owns: nothing. Thread: the bridge's worker. Errors: end up in the bridge's `reason`. Lifetime:
 * the bridge's.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_ENDING_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_ENDING_H

#include "core/bridge/bridge_priv.h"

/* The first reason stays. */
void bridge_ending_note(struct bridge *bridge, enum reason reason, uint64_t now);

/* Takes nothing more from this end; what was taken is still sent. */
void bridge_ending_finish(struct bridge *bridge, struct bridge_end *end);
void bridge_ending_finish_both(struct bridge *bridge);

/* This end, a WebSocket, gets a FIN without a Close. */
bool bridge_ending_is_fin(const struct bridge *bridge, const struct bridge_end *end);

/* Bytes of this direction have moved: extends the deadline, unless it could go on without end. */
void bridge_ending_note_progress(struct bridge *bridge, const struct pipe *pipe, uint64_t now);

/* The sink has taken bytes of this direction that had to wait: likewise. */
void bridge_ending_note_taken(struct bridge *bridge, const struct pipe *pipe, uint64_t now);

/* A pong or a ping is in a slot. */
static inline bool bridge_ending_slot_is_full(const struct bridge *bridge)
{
    return bridge->frames.slot_length > 0 || (bridge->far && bridge->far->slot_length > 0);
}

/* Sends pongs and pings that may go now. */
void bridge_ending_send_slots(struct bridge *bridge, uint64_t now);

/* While it ends: the Closes, and the FINs. */
void bridge_ending_send_last(struct bridge *bridge, uint64_t now);

/* Takes each step that follows from the state alone: Close, FIN, the pong or ping in a slot. */
static inline void bridge_ending_settle(struct bridge *bridge, uint64_t now)
{
    if (WSL_UNLIKELY(bridge_ending_slot_is_full(bridge)))
        bridge_ending_send_slots(bridge, now);
    if (WSL_UNLIKELY(bridge->reason != REASON_none))
        bridge_ending_send_last(bridge, now);
}

#endif
