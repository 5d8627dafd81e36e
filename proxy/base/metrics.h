/*
 * Counters and histograms, as tables: a row holds the name, the labels and the help.
 * Each worker has its own set and updates it without locks; readers sum the sets.
 *
 * Owns: nothing outside its struct. Thread: a set is written by one thread; sums may be read by any
 * (each counter is atomic, relaxed). Errors: none. Lifetime: plain memory, zeroed is ready.
 */
#ifndef WSLUICE_BASE_METRICS_H
#define WSLUICE_BASE_METRICS_H

#include <stdatomic.h>

#include "base/base.h"
#include "base/reason.h"

/*
 * METRIC(id, exposed name, its labels, help)
 *
 * The id is the word in the log; the exposed name gets the prefix wsluice_. Rows with the same name
 * are adjacent, and the help of the first one is used.
 */
#define METRICS_TABLE(METRIC)                                                                      \
    METRIC(connections, "connections_total", "", "Connections accepted.")                          \
    METRIC(sessions, "sessions_total", "", "Sessions that connected to their target.")             \
    METRIC(bytes_up, "payload_bytes_total", "direction=\"up\"",                                    \
           "Payload bytes; up is from clients to targets.")                                        \
    METRIC(bytes_down, "payload_bytes_total", "direction=\"down\"", "")                            \
    METRIC(tls_handshakes, "tls_handshakes_total", "", "TLS handshakes completed with clients.")   \
    METRIC(requests_2xx, "requests_total", "status=\"2xx\"",                                       \
           "HTTP requests answered with a status other than 101.")                                 \
    METRIC(requests_3xx, "requests_total", "status=\"3xx\"", "")                                   \
    METRIC(requests_4xx, "requests_total", "status=\"4xx\"", "")                                   \
    METRIC(requests_5xx, "requests_total", "status=\"5xx\"", "")

#define METRICS_ENUM(id, name, labels, help) METRICS_##id,
enum metric { METRICS_TABLE(METRICS_ENUM) METRICS_COUNT };
#undef METRICS_ENUM

/*
 * HISTOGRAM(id, exposed name, its labels, bounds, help)
 *
 * Observed in milliseconds, exposed in seconds. Latencies range from a local socket to the longest
 * connect timeout; sessions from a mistyped password to a screen that stays open for days.
 */
#define METRICS_HISTOGRAM_TABLE(HISTOGRAM)                                                         \
    HISTOGRAM(connect, "connect_seconds", "", METRICS_LATENCY,                                     \
              "Time to connect to a target, with name look-up and TLS.")                           \
    HISTOGRAM(ping, "ping_seconds", "", METRICS_LATENCY,                                           \
              "Round-trip time from a ping to its pong.")                                          \
    HISTOGRAM(stall_up, "stall_seconds", "direction=\"up\"", METRICS_LATENCY,                      \
              "Time without progress in one direction because its reader took no bytes.")          \
    HISTOGRAM(stall_down, "stall_seconds", "direction=\"down\"", METRICS_LATENCY, "")              \
    HISTOGRAM(duration, "session_seconds", "", METRICS_LIFETIME, "Duration of sessions.")          \
    HISTOGRAM(input, "last_input_seconds", "", METRICS_LIFETIME,                                   \
              "Time since the last input of a client, at the end of its session.")

#define METRICS_HISTOGRAM_ENUM(id, name, labels, bounds, help) METRICS_HISTOGRAM_##id,
enum metrics_histogram { METRICS_HISTOGRAM_TABLE(METRICS_HISTOGRAM_ENUM) METRICS_HISTOGRAM_COUNT };
#undef METRICS_HISTOGRAM_ENUM

enum metrics_bounds { METRICS_LATENCY, METRICS_LIFETIME };

/* Upper bounds, inclusive; one more bucket holds all larger values. */
#define METRICS_BOUNDS 14
extern const uint32_t metrics_bounds[][METRICS_BOUNDS]; /* by enum metrics_bounds */

struct metrics_row {
    const char *name, *labels, *help;
    enum metrics_bounds bounds; /* histograms only */
};
extern const struct metrics_row metrics_rows[METRICS_COUNT];
extern const struct metrics_row metrics_histogram_rows[METRICS_HISTOGRAM_COUNT];

/* The TLS version of a handshake. */
enum metrics_tls {
    METRICS_TLS_NONE,
    METRICS_TLS_1_1,
    METRICS_TLS_1_2,
    METRICS_TLS_1_3,
    METRICS_TLS_COUNT
};

struct metrics_buckets {
    atomic_uint_fast64_t count[METRICS_BOUNDS + 1]; /* of this bucket alone */
    atomic_uint_fast64_t sum;                       /* milliseconds */
};

struct metrics {
    atomic_uint_fast64_t counter[METRICS_COUNT];
    atomic_uint_fast64_t ended[REASON_COUNT]; /* connections by end reason */
    atomic_uint_fast64_t open;                /* connections now */
    atomic_uint_fast64_t open_sessions;       /* of these: those that reached their target */
    atomic_uint_fast64_t loop_longest;        /* milliseconds: net/loop/loop_meter.h */
    atomic_uint_fast64_t handshakes[REASON_COUNT][METRICS_TLS_COUNT];
    struct metrics_buckets histogram[METRICS_HISTOGRAM_COUNT];
};

/* There is one writer: a load and a store suffice, and cost less than an atomic add. */
static inline void metrics_add(atomic_uint_fast64_t *counter, uint64_t amount)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + amount, memory_order_relaxed);
}

static inline uint64_t metrics_read(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* The word of a counter in the log. */
const char *metrics_name(enum metric metric);

void metrics_observe(struct metrics *metrics, enum metrics_histogram histogram,
                     uint64_t milliseconds);

/*
 * Counts one handshake, from the client's first byte to the 101 or the refusal. `result`: none if a
 * session began, otherwise why not.
 */
void metrics_count_handshake(struct metrics *metrics, enum reason result, enum metrics_tls tls);

/* From the protocol number that TLS itself uses (RFC 8446 section 4.1.2); 0: no TLS. */
enum metrics_tls metrics_tls_of(int protocol);

/* "none", "1.2" and so on. */
const char *metrics_tls_name(enum metrics_tls tls);

#endif
