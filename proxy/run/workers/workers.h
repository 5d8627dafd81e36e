/*
 * The set of workers, seen from the main thread: who gets the next client, and how they all end.
 *
 * Owns: the workers. Thread: the main one. Errors: false and one line. Lifetime: workers_create
 * to workers_free.
 */
#ifndef WSLUICE_RUN_WORKERS_WORKERS_H
#define WSLUICE_RUN_WORKERS_WORKERS_H

#include "run/workers/worker.h"

struct workers {
    struct worker *list;
    struct session_env **envs;      /* theirs, by number */
    const struct metrics **metrics; /* likewise */
    size_t count, started, empty;
};

/* Room for so many; 0: as many as CPUs. Their counters can be read from now on. */
WSL_MUST_CHECK bool workers_create(struct workers *workers, size_t count);

/* A lone worker lives on `loop`, others have threads. */
WSL_MUST_CHECK bool workers_start(struct workers *workers, uv_loop_t *loop,
                                  const struct worker_terms *terms, char *error, size_t error_size);

/* The one with the fewest connections, and how many there are in all. */
struct worker *workers_choose(struct workers *workers, uint64_t *open);

/* Sends what was given to them in this turn. */
void workers_flush(struct workers *workers);

/* No more clients will come: sessions are told to end, spread over so much time. */
void workers_drain(struct workers *workers, uint64_t spread_ms);
/* No more clients will come: reports when the last session has ended by itself. */
void workers_retire(struct workers *workers);
void workers_kill(struct workers *workers);

/* One more worker has no session left; true when that was the last of them. */
bool workers_note_empty(struct workers *workers);

void workers_stop(struct workers *workers);

/* After the loop has ended; false as loop_finish. */
WSL_MUST_CHECK bool workers_free(struct workers *workers);

void workers_log_sums(const struct workers *workers);

#endif
