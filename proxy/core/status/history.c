#include "core/status/history.h"

static uint64_t rate(uint64_t before, uint64_t after, uint64_t milliseconds)
{
    uint64_t bytes = after > before ? after - before : 0;
    return milliseconds > 0 ? (uint64_t)((double)bytes * 1000 / (double)milliseconds) : 0;
}

void history_add(struct history *history, uint64_t bytes_up, uint64_t bytes_down, uint64_t sessions,
                 uint64_t monotonic, int64_t now)
{
    if (history->begun) {
        uint64_t step = monotonic - history->added_at;
        size_t count = atomic_load_explicit(&history->count, memory_order_relaxed);
        size_t at = count % HISTORY_POINTS;
        atomic_store_explicit(&history->points[at].up, rate(history->bytes_up, bytes_up, step),
                              memory_order_relaxed);
        atomic_store_explicit(&history->points[at].down,
                              rate(history->bytes_down, bytes_down, step), memory_order_relaxed);
        atomic_store_explicit(&history->points[at].sessions, sessions, memory_order_relaxed);
        atomic_store_explicit(&history->until, now, memory_order_relaxed);
        atomic_store_explicit(&history->count, count + 1, memory_order_release);
    }
    history->begun = true;
    history->bytes_up = bytes_up;
    history->bytes_down = bytes_down;
    history->added_at = monotonic;
}

size_t history_read(const struct history *history, struct history_point points[HISTORY_POINTS],
                    int64_t *until)
{
    size_t count = atomic_load_explicit(&history->count, memory_order_acquire);
    size_t used = count;
    if (used > HISTORY_POINTS)
        used = HISTORY_POINTS;
    *until = atomic_load_explicit(&history->until, memory_order_relaxed);
    for (size_t i = 0; i < used; i++) {
        size_t at = (count - used + i) % HISTORY_POINTS;
        points[i] = (struct history_point){
            .up = atomic_load_explicit(&history->points[at].up, memory_order_relaxed),
            .down = atomic_load_explicit(&history->points[at].down, memory_order_relaxed),
            .sessions = atomic_load_explicit(&history->points[at].sessions, memory_order_relaxed),
        };
    }
    return used;
}
