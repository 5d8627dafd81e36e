/*
 * The deadlines of many owners on one timer of a loop. A uv_timer_t per owner takes 152 bytes, and
 * must be closed before the owner is freed.
 *
 * At most TIMERS_PER_TURN callbacks run in one turn of the loop, so that thousands of deadlines at
 * once do not delay what is read meanwhile.
 *
 * Owns: the array of deadlines. Thread: its loop's. Errors: only timers_promise. Lifetime:
 * timers_open to timers_close; then the loop must run once more before the memory is freed.
 */
#ifndef WSLUICE_NET_LOOP_TIMERS_H
#define WSLUICE_NET_LOOP_TIMERS_H

#include <uv.h>

#include "core/resources/deadlines.h"

#define TIMERS_PER_TURN 128

/* The deadline has passed, and is not set any more. It may be set again, or its owner freed. */
typedef void timers_cb(struct deadline *deadline);

struct timers {
    uv_timer_t timer;
    uint64_t wakes_at; /* when `timer` fires; DEADLINES_NEVER: it is stopped */
    bool running;      /* callbacks: `timer` is set when they are done */
    struct deadlines deadlines;
    timers_cb *callback;
};

void timers_open(struct timers *timers, uv_loop_t *loop, timers_cb *callback);
void timers_close(struct timers *timers);

/* Before an owner's first start. False: out of memory. */
WSL_MUST_CHECK static inline bool timers_promise(struct timers *timers)
{
    return deadlines_promise(&timers->deadlines);
}

/* Before an owner with a promise is freed. */
void timers_withdraw(struct timers *timers, struct deadline *deadline);

/* Replaces what was started. */
void timers_start(struct timers *timers, struct deadline *deadline, uint64_t milliseconds);
void timers_stop(struct timers *timers, struct deadline *deadline);

#endif
