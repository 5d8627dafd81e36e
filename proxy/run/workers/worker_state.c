#include "run/workers/worker_state.h"

static const uint8_t table[WORKER_STATES][WORKER_EVENTS] = {
    [WORKER_SERVING] = {[WORKER_RETIRE] = WORKER_RETIRING,
                        [WORKER_DRAIN] = WORKER_DRAINING,
                        [WORKER_STOP] = WORKER_STOPPED},
    [WORKER_RETIRING] = {[WORKER_DRAIN] = WORKER_DRAINING, [WORKER_LAST_ENDED] = WORKER_EMPTY},
    [WORKER_DRAINING] = {[WORKER_KILL] = WORKER_KILLING, [WORKER_LAST_ENDED] = WORKER_EMPTY},
    [WORKER_KILLING] = {[WORKER_KILL] = WORKER_KILLING,
                        [WORKER_ABANDON] = WORKER_ABANDONING,
                        [WORKER_LAST_ENDED] = WORKER_EMPTY},
    [WORKER_ABANDONING] = {[WORKER_KILL] = WORKER_ABANDONING, [WORKER_LAST_ENDED] = WORKER_EMPTY},
    [WORKER_EMPTY] = {[WORKER_DRAIN] = WORKER_EMPTY,
                      [WORKER_KILL] = WORKER_EMPTY,
                      [WORKER_CLEAR] = WORKER_CLEARING},
    [WORKER_CLEARING] = {[WORKER_LAST_ENDED] = WORKER_CLEARED},
    [WORKER_CLEARED] = {[WORKER_STOP] = WORKER_STOPPED},
    [WORKER_STOPPED] = {[WORKER_FINISH] = WORKER_FINISHED},
    [WORKER_FINISHED] = {0},
};

_Static_assert(WORKER_SERVING == 0, "no edge leads to the first state: 0 means that there is none");

bool worker_state_allows(enum worker_state state, enum worker_event event)
{
    wsl_assert(state < WORKER_STATES && event < WORKER_EVENTS);
    return table[state][event] != 0;
}

enum worker_state worker_state_next(enum worker_state state, enum worker_event event)
{
    wsl_assert(worker_state_allows(state, event));
    return (enum worker_state)table[state][event];
}
