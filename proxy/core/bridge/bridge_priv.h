/*
 * What the modules of a bridge share, and the check after each call. Only for core/bridge.
 *
 * Owns: nothing. Thread: the bridge's worker. Errors: end up in the bridge's `reason`. Lifetime:
 * the bridge's.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_PRIV_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_PRIV_H

#include "core/bridge/bridge_state.h"

static inline struct bridge_end *bridge_other(struct bridge *bridge, const struct bridge_end *end)
{
    return end == &bridge->client ? &bridge->target : &bridge->client;
}

static inline struct pipe *bridge_pipe_from(struct bridge *bridge, const struct bridge_end *end)
{
    return end == &bridge->client ? &bridge->up : &bridge->down;
}

static inline struct pipe *bridge_pipe_to(struct bridge *bridge, const struct bridge_end *end)
{
    return end == &bridge->client ? &bridge->down : &bridge->up;
}

/* The EOF of this end is not told to the other one: the session goes on without it. */
static inline bool bridge_keeps_eof(const struct bridge *bridge, const struct bridge_end *end)
{
    return bridge->reason == REASON_none && !end->framed && bridge->target.eof == BRIDGE_EOF_WAIT;
}

/* NULL: the end is raw. */
static inline struct bridge_frames *bridge_frames_at(struct bridge *bridge,
                                                     const struct bridge_end *end)
{
    if (!end->framed)
        return NULL;
    return end == &bridge->client ? &bridge->frames : bridge->far;
}

static inline const struct bridge_frames *bridge_const_frames_at(const struct bridge *bridge,
                                                                 const struct bridge_end *end)
{
    if (!end->framed)
        return NULL;
    return end == &bridge->client ? &bridge->frames : bridge->far;
}

/* The sink of this direction has failed: drops its carry. */
void bridge_sink_break(struct bridge *bridge, struct pipe *pipe, uint64_t now);

/*
 * A connection that fails breaks only the direction towards it: what its peer has sent before is in
 * the receive buffer and is delivered; reading then ends with EOF or the same failure. If memory
 * runs out, both connections work, and both are ended in order.
 */
void bridge_sink_failed(struct bridge *bridge, enum reason reason, uint64_t now);

/* Sends bytes on, or keeps them behind those that the sink has not taken yet. */
void bridge_sink_send(struct bridge *bridge, struct pipe *pipe, const uint8_t *bytes, size_t length,
                      uint64_t now);

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
