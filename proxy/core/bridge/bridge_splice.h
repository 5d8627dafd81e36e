/*
 * From a raw target to a client without a copy: the payload goes through a duct, behind a frame's
 * header. For bulk alone, as small messages cost more that way. What must see or change the bytes
 * (a tap, TLS, masks) takes the copying path; the two can change places at every read.
 *
 * Pure. Owns: nothing. Thread: the bridge's worker. Errors: end up in the bridge's reason.
 * Lifetime: none.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_SPLICE_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_SPLICE_H

#include "core/bridge/bridge_priv.h"

/* May what this end sends next go through a duct? */
bool bridge_splice_fits(const struct bridge *bridge, const struct bridge_end *end,
                        const struct bridge_scratch *scratch);

/*
 * Reads into a duct, as transport_read, and sends it on. IO_WANT_WRITE: none is free, or the
 * source has no such read; nothing was read.
 */
struct io bridge_splice_read(struct bridge *bridge, struct bridge_end *end,
                             struct bridge_scratch *scratch, uint64_t now);

#endif
