/*
 * The steps of a bridge that its clock shares, and the check after each call. Only for bridge.c,
 * bridge_time.c and bridge_check.c.
 *
 * Owns: nothing. Thread: the bridge's worker. Errors: end up in the bridge's `reason`. Lifetime:
 * the bridge's.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_PRIV_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_PRIV_H

#include "core/bridge/pipe.h"

struct bridge;

/* Takes nothing more from this side; what was taken is still sent. */
void bridge_finish_up(struct bridge *bridge);
void bridge_finish_down(struct bridge *bridge);

/* The sink of this direction has failed: drops its carry. */
void bridge_break(struct bridge *bridge, struct pipe *pipe, uint64_t now);

/* Takes each step that follows from the state alone: Close, FIN, the pong or ping in the slot. */
void bridge_settle(struct bridge *bridge, uint64_t now);

/*
 * The sink has taken bytes of this direction: extends the deadline of the end, unless that could go
 * on without end.
 */
void bridge_note_taken(struct bridge *bridge, const struct pipe *pipe, uint64_t now);

/*
 * A connection that fails breaks only the direction towards it: what its peer has sent before is in
 * the receive buffer and is delivered; reading then ends with EOF or the same failure. If memory
 * runs out, both connections work, and both are ended in order.
 */
void bridge_sink_failed(struct bridge *bridge, enum reason reason, uint64_t now);

/* Sends bytes of the target to a client that is not blocked; BRIDGE_HEADROOM is in front of them.
 */
void bridge_take_bytes(struct bridge *bridge, uint8_t *bytes, size_t length, uint64_t now);

/* Shows a run of payload to the tap, which there is. True: it has input. */
bool bridge_tap_payload(struct bridge *bridge, const struct pipe *pipe, const uint8_t *bytes,
                        size_t length, uint64_t now);

/* A sink is blocked or the tap is full, so a source is not read. */
bool bridge_is_held_back(const struct bridge *bridge);

/* The invariants of bridge_check.h: abort if a turn or tick broke one. Nothing in a release. */
#ifdef WSLUICE_CHECKS
void bridge_check_turn(const struct bridge *before, const struct bridge *after);
void bridge_check_tick(const struct bridge *before, const struct bridge *after);
#else
static inline void bridge_check_turn(const struct bridge *before, const struct bridge *after)
{
}
static inline void bridge_check_tick(const struct bridge *before, const struct bridge *after)
{
}
#endif

#endif
