/*
 * What is counted by route: sessions, payload, ends by reason. Route statistics are known by the
 * route's name and outlive the configuration that named them first: a reload that keeps the name
 * keeps the count, so that counters never go backwards. Routes of one name share them.
 *
 *      site 1 ---+                        +--> slot of worker 0   (written by worker 0 only)
 *                +--> stats of "desk" ----+
 *      site 2 ---+    in the set          +--> slot of worker 1   (NULL until its first client)
 *
 * A slot holds a row of the reason table, so it is made when the first client of that route comes
 * to that worker: 10,000 routes that nobody asks for cost 10,000 names. An account without
 * references is kept for the route's return, up to ROUTE_STATS_RETIRED_MAX of them, the latest.
 *
 * The happy path of a client: route_stats_enter once its route is known, route_stats_open when
 * bytes can flow, route_stats_bytes now and then, route_stats_end.
 *
 * Owns: names and slots. Thread: a set and its references: any, behind a mutex that no session
 * takes; an route_stats_use: its worker. Errors: NULL without memory; a slot for which there
 * is none counts nothing. Lifetime: the set outlives all references and all uses.
 */
#ifndef WSLUICE_SERVE_METRICS_ROUTE_STATS_H
#define WSLUICE_SERVE_METRICS_ROUTE_STATS_H

#include "base/metrics.h"

#define ROUTE_STATS_RETIRED_MAX 1024

struct route_stats_set;
struct route_stats;
struct route_stats_slot;

WSL_MUST_CHECK struct route_stats_set *route_stats_set_create(unsigned workers);
void route_stats_set_free(struct route_stats_set *set); /* NULL is fine */

/* A reference to the account of that name, made when there is none. */
WSL_MUST_CHECK struct route_stats *route_stats_get(struct route_stats_set *set, const char *name);
void route_stats_release(struct route_stats *stats); /* NULL is fine */

/* ---- a client's own part, plain memory: zeroed counts nothing ---- */

struct route_stats_use {
    struct metrics *metrics; /* the worker's; NULL before route_stats_enter */
    struct route_stats_slot *slot;
    uint64_t bytes_up, bytes_down; /* already counted */
    bool open;
};

/* Its route is known. The account must stay referenced (by the resources) until route_stats_end. */
void route_stats_enter(struct route_stats_use *use, struct route_stats *stats, unsigned worker,
                       struct metrics *metrics);

/* The session has begun, so many milliseconds after the dial. */
void route_stats_open(struct route_stats_use *use, uint64_t connect_ms);

/* The session's payload so far. Called from its ticks, a session of days is seen before it ends. */
void route_stats_bytes(struct route_stats_use *use, uint64_t bytes_up, uint64_t bytes_down);

/* It is over, be it before or after route_stats_open; duration since route_stats_open. Idempotent.
 */
void route_stats_end(struct route_stats_use *use, enum reason reason, uint64_t duration_ms);

/* ---- reading ---- */

struct route_stats_sums {
    uint64_t open, sessions, bytes_up, bytes_down;
    uint64_t ended[REASON_COUNT];
};

/* Of one that is referenced. */
void route_stats_read(const struct route_stats *stats, struct route_stats_sums *sums);

/* Under the set's mutex: `read` must not get or release. */
typedef void route_stats_fn(void *owner, const char *name, const struct route_stats_sums *sums);
void route_stats_each(struct route_stats_set *set, route_stats_fn *read, void *owner);

#endif
