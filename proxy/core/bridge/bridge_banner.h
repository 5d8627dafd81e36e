/*
 * The first bytes of a target, which were read before the bridge had it, to see that it is the
 * service that is expected.
 *
 * Pure.
 *
 * Owns: nothing. Thread: the bridge's worker. Errors: end up in the bridge's `reason`. Lifetime:
 * the bridge's.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_BANNER_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_BANNER_H

#include "core/bridge/bridge.h"

/*
 * Once, between bridge_attach and the first turn, and before bridge_take_early. `bytes` has
 * BRIDGE_HEADROOM in front of it.
 */
void bridge_banner_take(struct bridge *bridge, uint8_t *bytes, size_t length, uint64_t now);

#endif
