/*
 * The id of a session, in the log, in the status and in a request to end it: WORKER-NUMBER, both
 * decimal, such as 0-17. After an upgrade sessions of several processes exist at once, so a
 * successor puts its generation in front: 1.0-17, then 2.0-17.
 *
 * Pure. Owns: nothing. Thread: any. Errors: false. Lifetime: plain values.
 */
#ifndef WSLUICE_CORE_SESSION_SESSION_ID_H
#define WSLUICE_CORE_SESSION_SESSION_ID_H

#include "base/base.h"

#define SESSION_ID_TEXT 32

enum {
    SESSION_ID_GENERATIONS = 1 << 12, /* then they begin again from 1 */
    SESSION_ID_WORKERS = 1 << 12,
};

#define SESSION_ID_NUMBER_MAX ((UINT64_C(1) << 40) - 1)

/*
 * Unique among processes that hand over to each other: the generation of the process, the worker's
 * number, and a count of its connections from 1. 0 is none.
 */
static inline uint64_t session_id(unsigned generation, unsigned worker, uint64_t number)
{
    return (uint64_t)(generation % SESSION_ID_GENERATIONS) << 52 |
           (uint64_t)(worker % SESSION_ID_WORKERS) << 40 | (number & SESSION_ID_NUMBER_MAX);
}

static inline unsigned session_id_generation(uint64_t id)
{
    return (unsigned)(id >> 52);
}

static inline unsigned session_id_worker(uint64_t id)
{
    return (unsigned)(id >> 40) % SESSION_ID_WORKERS;
}

/* The generation of a successor; the first process has 0. */
static inline unsigned session_id_next_generation(unsigned generation)
{
    return generation + 1 < SESSION_ID_GENERATIONS ? generation + 1 : 1;
}

const char *session_id_print(uint64_t id, char text[static SESSION_ID_TEXT]);

/* False: that is no id. */
WSL_MUST_CHECK bool session_id_parse(struct slice text, uint64_t *id);

#endif
