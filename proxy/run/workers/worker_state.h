/*
 * The states of a worker as a table: which may follow which, and by what event.
 *
 *      SERVING --> RETIRING --> DRAINING --> KILLING --> ABANDONING
 *       |  |          |          ^    |         |             |
 *       |  +----------|----------+    |         |             |
 *       |             +---------------+---------+-------------+--> EMPTY --> CLEARING --> CLEARED
 *       |                                                                                    |
 *       |  another worker cannot start                                                       v
 *       +---------------------------------------------------------------------------------> STOPPED
 *                                                                                            |
 *                                                                          FINISHED <--------+
 *
 * All workers are told to drain, or to kill, at once. One that is empty already stays so. All are
 * cleared when the last one is empty: until then clients of the admin socket ask across workers.
 *
 * Pure. Owns: nothing. Thread: any. Errors: an event that a state does not know is our bug: abort.
 * Lifetime: plain memory.
 */
#ifndef WSLUICE_RUN_WORKERS_WORKER_STATE_H
#define WSLUICE_RUN_WORKERS_WORKER_STATE_H

#include "base/base.h"

enum worker_state {
    WORKER_SERVING,    /* gets clients */
    WORKER_RETIRING,   /* gets none; sessions end by themselves */
    WORKER_DRAINING,   /* gets none; sessions are told to end, a few at a time */
    WORKER_KILLING,    /* sessions were ended; their recordings are being written */
    WORKER_ABANDONING, /* recordings that are not written yet are given up */
    WORKER_EMPTY,      /* has no session but of the admin socket, and has told the supervisor so */
    WORKER_CLEARING,   /* those were ended, too */
    WORKER_CLEARED,    /* nothing of it is under way, and it has told the supervisor so */
    WORKER_STOPPED,    /* its handles are closing */
    WORKER_FINISHED,   /* its own loop has ended, and nothing touches its memory any more */
    WORKER_STATES,
};

enum worker_event {
    WORKER_RETIRE,
    WORKER_DRAIN,
    WORKER_KILL,
    WORKER_ABANDON, /* the disk had its time */
    WORKER_LAST_ENDED,
    WORKER_CLEAR,
    WORKER_STOP,   /* at the end of the process, or because its start has failed */
    WORKER_FINISH, /* with a thread of its own only */
    WORKER_EVENTS,
};

/* The state after an event; aborts if the table has no such edge. */
WSL_MUST_CHECK enum worker_state worker_state_next(enum worker_state state,
                                                   enum worker_event event);

/* Whether the table has that edge. */
bool worker_state_allows(enum worker_state state, enum worker_event event);

#endif
