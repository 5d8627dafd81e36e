/*
 * Counters, from one table: name, unit and help stand in the row and nowhere else. Each worker has
 * a set of its own and adds to it without locks; whoever asks sums them up.
 *
 * Owns: nothing outside its struct. Thread: a set is written by one thread; sums may be read by any
 * (each counter is atomic, relaxed). Errors: none. Lifetime: plain memory, zeroed is ready.
 */
#ifndef WSLUICE_BASE_METRICS_H
#define WSLUICE_BASE_METRICS_H

#include <stdatomic.h>

#include "base/base.h"
#include "base/reason.h"

/* METRIC(name, help) */
#define METRICS_TABLE(METRIC)                                                                      \
    METRIC(connections, "Connections accepted")                                                    \
    METRIC(sessions, "Sessions that reached their target")                                         \
    METRIC(bytes_up, "Payload bytes from clients to targets")                                      \
    METRIC(bytes_down, "Payload bytes from targets to clients")                                    \
    METRIC(tls_handshakes, "TLS handshakes completed with clients")

#define METRICS_ENUM(name, help) METRICS_##name,
enum metric { METRICS_TABLE(METRICS_ENUM) METRICS_COUNT };
#undef METRICS_ENUM

struct metrics {
    atomic_uint_fast64_t counter[METRICS_COUNT];
    atomic_uint_fast64_t ended[REASON_COUNT]; /* connections by end reason */
    atomic_uint_fast64_t open;                /* connections right now */
};

/* One writer: a plain load and store is enough, and cheaper than a locked add. */
static inline void metrics_add(atomic_uint_fast64_t *counter, uint64_t amount)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + amount, memory_order_relaxed);
}

static inline uint64_t metrics_read(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

const char *metrics_name(enum metric metric);

#endif
