/*
 * What an operator asks for: the counters as Prometheus text (exposition format 0.0.4), and whether
 * the process lives and may get clients.
 *
 * Owns: nothing; ops_process is the supervisor's. Thread: noted on the main thread, read by any
 * worker that answers. Errors: NULL without memory. Lifetime: an ops_process outlives the workers.
 */
#ifndef WSLUICE_SERVE_METRICS_OPS_H
#define WSLUICE_SERVE_METRICS_OPS_H

#include "core/status/history.h"
#include "serve/metrics/route_stats.h"

#define OPS_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

#define OPS_TOKEN 33 /* 32 digits and a NUL */

struct ops_process {
    /* Set before the workers start. */
    const struct metrics *const *workers; /* theirs, by number */
    unsigned worker_count;
    struct route_stats_set *route_stats;
    int64_t started_at;      /* seconds of the Unix clock, as all times here */
    struct history *history; /* filled by the main thread; NULL: nobody does */
    char token[OPS_TOKEN];   /* whoever ends a session shows that it has read the status */
    /* The main thread's notes. */
    atomic_bool listening; /* every listener of the configuration is bound */
    atomic_bool draining;
    atomic_bool accepts_paused;
    atomic_bool reload_failed; /* the last one */
    atomic_uint_fast64_t accept_pauses, reloads, failed_reloads;
    atomic_int_fast64_t reloaded_at; /* the configuration that is in use was loaded */
    atomic_int_fast64_t reload_tried_at;
};

/* Loading at the start counts as no reload, but sets its times. */
void ops_init(struct ops_process *process, const struct metrics *const *workers,
              unsigned worker_count, struct route_stats_set *route_stats, int64_t now);

/* A token that nobody can guess; false: the system has no randomness. */
WSL_MUST_CHECK bool ops_token(struct ops_process *process);

void ops_note_pause(struct ops_process *process, bool paused);
void ops_note_reload(struct ops_process *process, bool done, int64_t now);

/* What an answer needs that changes with the configuration. */
struct ops_certificate {
    const char *name; /* its file */
    int64_t not_after;
};

struct ops_target {
    char name[160]; /* its address */
    bool up;
    uint32_t sessions;
};

struct ops_facts {
    const struct ops_certificate *certificates;
    size_t certificate_count;
    const struct ops_target *targets;
    size_t target_count;
};

/* The body of a scrape; malloc'd, `length` is set. */
WSL_MUST_CHECK char *ops_metrics(const struct ops_process *process, const struct ops_facts *facts,
                                 size_t *length);

/* ---- health ---- */

enum ops_targets {
    OPS_TARGETS_ANY, /* the route does not ask */
    OPS_TARGETS_UP,  /* each route that was asked about has a usable target */
    OPS_TARGETS_DOWN,
};

struct ops_health {
    unsigned status;
    const char *body; /* JSON */
};

#define OPS_HEALTH_TYPE "application/json"

/* That it is asked shows that a loop turns. */
struct ops_health ops_live(void);
struct ops_health ops_ready(const struct ops_process *process, enum ops_targets targets);

#endif
