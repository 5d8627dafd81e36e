/*
 * The pace at which a sink takes last bytes: whether any have moved since the last check, and how
 * long to wait for the next ones.
 *
 * TCP shows a reader's progress in steps of its window only, and the slower the reader, the rarer
 * they are. So the next step may take several times the longest so far.
 *
 * Pure. Owns: nothing. Thread: the pipe's worker. Errors: none. Lifetime: the pipe's.
 */
#ifndef WSLUICE_CORE_BRIDGE_PACE_H
#define WSLUICE_CORE_BRIDGE_PACE_H

#include "core/bridge/pipe.h"

/*
 * True if the sink has taken bytes since the last check; the first check only remembers. `unsent`:
 * bytes that the kernel holds for it. Sets the pipe's `left`.
 */
bool pace_has_moved(struct pipe *pipe, uint64_t unsent, uint64_t now);

/* When to ask the kernel again within a timeout. */
uint64_t pace_next_check(uint32_t timeout, uint64_t now);

/* Milliseconds: close_timeout, or more for a reader whose steps have shown that it is slow. */
uint64_t pace_close_wait(uint64_t longest_step, uint32_t close_timeout, uint32_t stall_timeout);

#endif
