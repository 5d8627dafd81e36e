/*
 * What went through the process over the last ten minutes, a point every five seconds; the memory
 * is fixed.
 *
 * Pure. Owns: nothing. Thread: one adds, any reads; a reader that meets the one who adds may find
 * the oldest point replaced by the newest, and no worse. Errors: none. Lifetime: plain memory;
 * zeroed is empty.
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
    atomic_size_t count;       /* of all that were ever added */
    atomic_int_fast64_t until; /* when the last one was, on the clock that the adder was given */
    /* Of the one who adds. */
    bool begun;
    uint64_t bytes_up, bytes_down, added_at;
};

/*
 * The counters as they are: bytes since the start. `monotonic` measures the step, `now` is
 * remembered. The first call only notes where things stand. A counter that seems to have gone back
 * counts as unchanged.
 */
void history_add(struct history *history, uint64_t bytes_up, uint64_t bytes_down, uint64_t sessions,
                 uint64_t monotonic, int64_t now);

/* The points, oldest first; returns how many, and when the last of them was. */
size_t history_read(const struct history *history, struct history_point points[HISTORY_POINTS],
                    int64_t *until);

#endif
