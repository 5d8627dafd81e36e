/*
 * What a bridge sends to an end: now, or from the carry; how long that stalls; and what the tap is
 * shown of it. The functions that the whole bridge uses are in bridge_priv.h.
 *
 * Pure. Owns: nothing. Thread: the bridge's worker. Errors: end up in the bridge's reason.
 * Lifetime: the bridge's.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_SINK_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_SINK_H

#include "core/bridge/bridge_priv.h"

/* Sends a frame whose payload is in a duct, and takes that over. Only while not blocked. */
void bridge_sink_send_duct(struct bridge *bridge, struct pipe *pipe, struct slice header,
                           struct duct *duct, uint64_t now);

/* The sink may take bytes again. */
void bridge_sink_resume(struct bridge *bridge, struct pipe *pipe, uint64_t now);

/*
 * Shows the tap payload that goes through this pipe; none: a part of the carry was sent. True: it
 * has input of the client's user.
 */
bool bridge_sink_show(struct bridge *bridge, const struct pipe *pipe, const uint8_t *bytes,
                      size_t length, uint64_t now);

#endif
