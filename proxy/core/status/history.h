/*
 * Throughput and sessions of the process over the last ten minutes: a point every five seconds, in
 * fixed memory.
 *
 * Pure. Owns: nothing. Thread: one adds, any reads; a reader may see the newest point in the place
 * of the oldest one if a point is added meanwhile. Errors: none. Lifetime: plain memory; zeroed is
 * empty.
 */
#ifndef WSLUICE_CORE_STATUS_HISTORY_H
#define WSLUICE_CORE_STATUS_HISTORY_H

#include <stdatomic.h>

#include "base/base.h"

#define HISTORY_STEP_MS 5000
#define HISTORY_POINTS  120

struct history_point {
    uint64_t up, down; /* bytes per second over the step */
    uint64_t sessions; /* at its end */
};

struct history {
    struct {
        atomic_uint_fast64_t up, down, sessions;
    } points[HISTORY_POINTS];
    atomic_size_t count;       /* of all points that were ever added */
    atomic_int_fast64_t until; /* `now` of the last one */
    /* Of the thread that adds: */
    bool begun;
    uint64_t bytes_up, bytes_down, added_at;
};

/*
 * Takes the counters: bytes since the start. `monotonic` measures the step; `now` is kept. The
 * first call adds no point. A counter that seems to have gone back counts as unchanged.
 */
void history_add(struct history *history, uint64_t bytes_up, uint64_t bytes_down, uint64_t sessions,
                 uint64_t monotonic, int64_t now);

/* The points, oldest first. Returns how many; *until: `now` of the last one. */
size_t history_read(const struct history *history, struct history_point points[HISTORY_POINTS],
                    int64_t *until);

#endif
