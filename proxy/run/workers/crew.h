/*
 * The set of workers, seen from the main thread: who gets the next client, and how they all end.
 *
 * Owns: the workers. Thread: the main one. Errors: false and one line. Lifetime: crew_create
 * to crew_free.
 */
#ifndef WSLUICE_RUN_CREW_H
#define WSLUICE_RUN_CREW_H

#include "run/workers/worker.h"

struct crew {
    struct worker *workers;
    const struct metrics **metrics; /* theirs, by number */
    size_t count, started, empty;
};

/* Room for so many; 0: as many as CPUs. Their counters can be read from now on. */
bool crew_create(struct crew *crew, size_t count) WSL_MUST_CHECK;

/* A lone worker lives on `loop`, others have threads. */
bool crew_start(struct crew *crew, uv_loop_t *loop, const struct worker_terms *terms, char *error,
                size_t error_size) WSL_MUST_CHECK;

/* The one with the fewest connections, and how many there are in all. */
struct worker *crew_choose(struct crew *crew, uint64_t *open);

/* For ops_process: from any thread. */
void crew_post(void *crew, unsigned worker, struct ops_letter *letter);

/* Sends what was given to them in this turn. */
void crew_flush(struct crew *crew);

/* No more clients will come: sessions are told to end, spread over so much time. */
void crew_drain(struct crew *crew, uint64_t spread_ms);
/* No more clients will come: reports when the last session has ended by itself. */
void crew_retire(struct crew *crew);
void crew_kill(struct crew *crew);

/* One more worker has no session left; true when that was the last of them. */
bool crew_note_empty(struct crew *crew);

void crew_stop(struct crew *crew);

/* After the loop has ended; false as loop_finish. */
bool crew_free(struct crew *crew) WSL_MUST_CHECK;

void crew_log_sums(const struct crew *crew);

#endif
