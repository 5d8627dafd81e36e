/*
 * The workers, seen from the main thread: which one gets the next client, and how all of them end.
 *
 * Owns: the workers. Thread: the main one. Errors: false and one line. Lifetime: workers_create
 * to workers_free.
 */
#ifndef WSLUICE_RUN_WORKERS_WORKERS_H
#define WSLUICE_RUN_WORKERS_WORKERS_H

#include "run/workers/worker.h"

struct workers {
    struct worker *list;
    struct session_env **envs;      /* the workers', by number */
    const struct metrics **metrics; /* likewise */
    size_t count, started, empty, cleared;
};

/* Allocates `count` workers; 0: as many as CPUs. Their counters can be read from now on. */
WSL_MUST_CHECK bool workers_create(struct workers *workers, size_t count);

/* The only worker runs on `loop`; several have a thread each. */
WSL_MUST_CHECK bool workers_start(struct workers *workers, uv_loop_t *loop,
                                  const struct worker_shared *shared, char *error,
                                  size_t error_size);

/* The worker with the fewest connections; *open is the number of all connections. */
struct worker *workers_choose(struct workers *workers, uint64_t *open);

/* Posts the clients that were given in this turn. */
void workers_flush(struct workers *workers);

/* As for one worker (worker.h). */
void workers_retire(struct workers *workers);
void workers_drain(struct workers *workers, uint64_t spread_ms);
void workers_kill(struct workers *workers);

/* One more worker is empty. True: that was the last one. */
bool workers_note_empty(struct workers *workers);

void workers_clear(struct workers *workers);

/* One more worker is cleared. True: that was the last one. */
bool workers_note_cleared(struct workers *workers);

void workers_stop(struct workers *workers);

/* After the main loop has ended. False: see worker_free. */
WSL_MUST_CHECK bool workers_free(struct workers *workers);

/* Logs the event `stopped` with the sums of all counters. */
void workers_log_sums(const struct workers *workers);

#endif
