/*
 * The steps of a bridge that its clock takes, too; for bridge.c and bridge_time.c alone.
 *
 * Owns: nothing. Thread: the bridge's worker. Errors: end up in the bridge's `reason`. Lifetime:
 * the bridge's.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_PRIV_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_PRIV_H

#include "core/bridge/pipe.h"

struct bridge;

/* Nothing more is taken from this side; what was taken still goes out. */
void bridge_finish_up(struct bridge *bridge);
void bridge_finish_down(struct bridge *bridge);

/* The sink of this direction has failed: drops what waits for it. */
void bridge_break(struct bridge *bridge, struct pipe *pipe, uint64_t now);

/* Takes every step that follows from the state alone: Close, FIN, the pong or ping in the slot. */
void bridge_settle(struct bridge *bridge, uint64_t now);

/*
 * The sink has taken bytes of this direction: puts the deadline of the end off, where that can't go
 * on for ever.
 */
void bridge_note_taken(struct bridge *bridge, const struct pipe *pipe, uint64_t now);

/* A sink takes nothing, or the tap is full: a source is not read. */
bool bridge_held_back(const struct bridge *bridge);

#endif
