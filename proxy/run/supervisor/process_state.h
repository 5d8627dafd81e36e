/*
 * The states of the process, from the first bound socket to the end of the main loop, as a table:
 * which may follow which, and by what event.
 *
 *      STARTING --> SERVING --> UNREADY
 *          |         |  |          |
 *          |         |  +----------+--> DRAINING --+
 *          |         |                     ^       |
 *          |         +------> RETIRING ----+       |
 *          |                     |                 |
 *          |                     +-----------------+--> STOPPING --> CLOSED
 *          |                                                            ^
 *          +------------------------------------------------------------+
 *
 *      SIGTERM, SIGINT     SERVING goes to UNREADY for drain_delay, or without one to DRAINING;
 *                          UNREADY and RETIRING go to DRAINING; later states stay
 *      successor serves,   SERVING goes to RETIRING
 *      exit rule holds
 *      end of the command  SERVING and UNREADY go to DRAINING, if its end ends the process
 *      last session ended  RETIRING and DRAINING go to STOPPING
 *
 * Pure. Owns: nothing. Thread: any. Errors: an event that a state does not know is our bug: abort.
 * Lifetime: plain memory.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_PROCESS_STATE_H
#define WSLUICE_RUN_SUPERVISOR_PROCESS_STATE_H

#include "base/base.h"

enum process_state {
    PROCESS_STARTING, /* sockets are bound, workers start; nothing is accepted */
    PROCESS_SERVING,  /* ready; the only state in which a reload or an upgrade begins */
    PROCESS_UNREADY,  /* readiness fails, clients are accepted still, for drain_delay */
    PROCESS_RETIRING, /* listeners are closed, sessions end by themselves, without a deadline */
    PROCESS_DRAINING, /* listeners are closed, sessions are told to end, drain_timeout runs */
    PROCESS_STOPPING, /* no session is left; the command, if there is one, has its SIGTERM */
    PROCESS_CLOSED,   /* handles are closing, the main loop ends */
    PROCESS_STATES,
};

enum process_event {
    PROCESS_START,       /* listeners begin to accept */
    PROCESS_DELAY_DRAIN, /* told to end, and load balancers get drain_delay to notice */
    PROCESS_RETIRE,
    PROCESS_DRAIN,
    PROCESS_EMPTY, /* every worker has lost its last session */
    PROCESS_CLOSE, /* the start has failed, or nothing is left to wait for */
    PROCESS_EVENTS,
};

/* The state after an event; aborts if the table has no such edge. */
WSL_MUST_CHECK enum process_state process_state_next(enum process_state state,
                                                     enum process_event event);

/* Whether the table has that edge. */
bool process_state_allows(enum process_state state, enum process_event event);

#endif
