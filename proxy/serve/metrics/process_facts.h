/*
 * Facts about the process for metrics, health and status: the workers' counters, and events that
 * the main thread records (reloads, pauses, draining).
 *
 * Owns: nothing. Thread: written by the main thread, read by any worker that answers. Errors: none,
 * but for randomness. Lifetime: outlives the workers.
 */
#ifndef WSLUICE_SERVE_METRICS_PROCESS_FACTS_H
#define WSLUICE_SERVE_METRICS_PROCESS_FACTS_H

#include "core/status/history.h"
#include "serve/metrics/route_stats.h"
#include "serve/metrics/verdict.h"

#define PROCESS_FACTS_KILL_TOKEN 33 /* 32 digits and a NUL */

/* The most processes that were replaced by upgrades and still have sessions. */
#define PROCESS_FACTS_PREDECESSORS 32

/* As it last answered. */
struct process_facts_predecessor {
    atomic_uint_fast64_t pid, sessions;
};

struct process_facts {
    /* Set before the workers start. */
    const struct metrics *const *workers; /* their metrics, by number */
    unsigned worker_count;
    struct route_stats_set *route_stats;
    int64_t started_at;               /* seconds of the Unix clock, as all times here */
    struct history *history;          /* filled by the main thread; NULL: none is kept */
    struct verdict *reload, *upgrade; /* likewise */
    /* A request to end a session needs it: a page of another origin cannot read the status. */
    char token[PROCESS_FACTS_KILL_TOKEN];
    /* Written by the main thread. */
    atomic_bool listening; /* every listener of the configuration is bound */
    atomic_bool draining;
    atomic_bool retiring;      /* draining, but sessions end by themselves */
    atomic_bool command_ended; /* and is not started again */
    atomic_bool accepts_paused;
    atomic_bool reload_failed; /* the last one */
    atomic_uint_fast64_t accept_pauses, reloads, failed_reloads;
    atomic_int_fast64_t reloaded_at; /* the configuration in use was loaded */
    atomic_int_fast64_t reload_tried_at;
    atomic_uint_fast32_t predecessor_count;
    struct process_facts_predecessor predecessors[PROCESS_FACTS_PREDECESSORS];
};

/* Sets the times of the last reload to `now`, but counts none. */
void process_facts_init(struct process_facts *process, const struct metrics *const *workers,
                        unsigned worker_count, struct route_stats_set *route_stats, int64_t now);

/* Makes the token. False: the system has no randomness. */
WSL_MUST_CHECK bool process_facts_make_token(struct process_facts *process);

/* "serving", "retiring" or "draining". */
const char *process_facts_state(const struct process_facts *process);

/* ---- events ---- */

void process_facts_note_pause(struct process_facts *process, bool paused);
void process_facts_note_reload(struct process_facts *process, bool done, int64_t now);

/* Adds a point to the history; `now` is the loop's clock in milliseconds. */
void process_facts_note_history(const struct process_facts *process, uint64_t now);

/* ---- sums over all workers ---- */

struct process_facts_totals {
    uint64_t connections, sessions; /* open */
    uint64_t connections_total, sessions_total, bytes_up, bytes_down;
};

struct process_facts_totals process_facts_totals(const struct process_facts *process);

#endif
