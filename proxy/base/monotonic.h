/*
 * The monotonic clock: changes of the system's time do not move it. A loop's own time (uv_now) is
 * cached per turn and belongs to one thread; this one is for state that several loops share. And
 * the system's time, as a number.
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_BASE_MONOTONIC_H
#define WSLUICE_BASE_MONOTONIC_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since a fixed moment before the process started. */
uint64_t monotonic_ms(void);

/* Milliseconds of Unix time, by the system's clock, for times that others read or write. */
static inline int64_t wall_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
