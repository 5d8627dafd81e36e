/*
 * Statistics of a route: sessions, payload, ends by reason. They belong to the route's name and
 * outlive the configuration: counters continue over a reload that keeps the name. Routes of one
 * name share them.
 *
 *      site 1 ---+                        +--> slot of worker 0   (written by worker 0 only)
 *                +--> stats of "desk" ----+
 *      site 2 ---+    in the set          +--> slot of worker 1   (NULL until its first client)
 *
 * A slot holds a counter for each reason, so it is allocated with the first client of that route on
 * that worker: 10,000 routes without clients cost 10,000 names. Statistics without a reference are
 * kept, in case that the route comes back; the latest ROUTE_STATS_RETIRED_MAX of them.
 *
 * The happy path of a client: route_stats_enter when its route is known, route_stats_enter_target
 * when a token has named its target, route_stats_open when bytes can flow, route_stats_bytes now
 * and then, route_stats_end.
 *
 * Owns: names and slots. Thread: a set and its references: any, behind a mutex that no session
 * takes; a route_stats_use: its worker. Errors: NULL without memory; without a slot nothing is
 * counted by route. Lifetime: the set outlives all references and uses.
 */
#ifndef WSLUICE_SERVE_METRICS_ROUTE_STATS_H
#define WSLUICE_SERVE_METRICS_ROUTE_STATS_H

#include "base/metrics.h"
#include "serve/metrics/target_stats.h"

#define ROUTE_STATS_RETIRED_MAX 1024

struct route_stats_set;
struct route_stats;

WSL_MUST_CHECK struct route_stats_set *route_stats_set_create(unsigned workers);
void route_stats_set_free(struct route_stats_set *set); /* NULL: nothing happens */

/* A reference to the statistics of that name, which are created if there are none. */
WSL_MUST_CHECK struct route_stats *route_stats_get(struct route_stats_set *set, const char *name);
void route_stats_release(struct route_stats *stats); /* NULL: nothing happens */

/* ---- one client ---- */

/* Plain memory; zeroed: counts nothing. */
struct route_stats_use {
    struct metrics *metrics; /* the worker's; NULL before route_stats_enter */
    struct target_stats_counts *slot;
    struct target_stats_counts *target; /* shared by all workers; NULL: not counted by target */
    uint64_t bytes_up, bytes_down;      /* counted so far */
    bool open;
};

/* The route is known. Its site keeps the statistics referenced until route_stats_end. */
void route_stats_enter(struct route_stats_use *use, struct route_stats *stats, unsigned worker,
                       struct metrics *metrics);

/* The target is known, before route_stats_open: the session is counted by target, too. */
void route_stats_enter_target(struct route_stats_use *use, struct route_stats *stats,
                              const char *target);

/* The session has opened; `connect_ms`: since the start of the dial. */
void route_stats_open(struct route_stats_use *use, uint64_t connect_ms);

/* The session's payload so far. Called regularly, so that long sessions are counted as they run. */
void route_stats_bytes(struct route_stats_use *use, uint64_t bytes_up, uint64_t bytes_down);

/* The client has ended, with or without route_stats_open; `duration_ms`: since then. Idempotent. */
void route_stats_end(struct route_stats_use *use, enum reason reason, uint64_t duration_ms);

/* ---- reading ---- */

struct route_stats_sums {
    uint64_t open, sessions, bytes_up, bytes_down;
    uint64_t ended[REASON_COUNT];
};

/* The caller holds a reference. */
void route_stats_read(const struct route_stats *stats, struct route_stats_sums *sums);

/*
 * Calls `route` for each route, and then `target` for each of its targets that are counted; NULL:
 * does not. Under the set's mutex: they must not get or release statistics.
 */
struct route_stats_reader {
    void (*route)(void *owner, const char *name, const struct route_stats_sums *sums);
    void (*target)(void *owner, const char *name, const char *target,
                   const struct route_stats_sums *sums);
    void *owner;
};
void route_stats_each(struct route_stats_set *set, const struct route_stats_reader *reader);

#endif
