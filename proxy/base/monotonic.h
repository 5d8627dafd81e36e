/*
 * The monotonic clock: changes of the system's time do not move it. A loop's own time (uv_now) is
 * cached per turn and belongs to one thread; this one is for state that several loops share.
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_BASE_MONOTONIC_H
#define WSLUICE_BASE_MONOTONIC_H

#include <stdint.h>

/* Milliseconds since a fixed moment before the process started. */
uint64_t monotonic_ms(void);

#endif
