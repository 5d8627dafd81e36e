/*
 * How long a loop was busy between two waits for events, at the most in the last minute or two:
 * what an interactive session may have waited. Work for events counts, timers do not. In
 * milliseconds, from the clock that libuv reads anyway.
 *
 * Owns: two handles of the loop. Thread: the loop's; `longest` is read by others. Errors: none.
 * Lifetime: loop_meter_open until loop_meter_close, and until the loop has closed the handles.
 */
#ifndef WSLUICE_NET_LOOP_LOOP_METER_H
#define WSLUICE_NET_LOOP_LOOP_METER_H

#include <stdatomic.h>

#include <uv.h>

#include "base/base.h"

#define LOOP_METER_WINDOW_MS 60000

struct loop_meter {
    uv_check_t woke;     /* after the events of a turn: when they came */
    uv_prepare_t waits;  /* before the next wait */
    uint64_t woke_at;    /* on the loop's clock; 0: not yet */
    uint64_t window_end; /* of `in_window` */
    uint64_t in_window, in_last_window;
    atomic_uint_fast64_t *longest; /* borrowed */
};

/* Does not keep the loop running. */
void loop_meter_open(struct loop_meter *meter, uv_loop_t *loop, atomic_uint_fast64_t *longest);
void loop_meter_close(struct loop_meter *meter);

/* The loop was busy for so long, until now. */
void loop_meter_note(struct loop_meter *meter, uint64_t busy, uint64_t now);

#endif
