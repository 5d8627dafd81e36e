#include "run/workers/worker_state.h"

static const struct {
    const char *name;
    uint8_t next[WORKER_EVENTS];
} table[WORKER_STATES] = {
    [WORKER_SERVING] = {"serving",
                        {[WORKER_RETIRE] = WORKER_RETIRING,
                         [WORKER_DRAIN] = WORKER_DRAINING,
                         [WORKER_STOP] = WORKER_STOPPED}},
    [WORKER_RETIRING] = {"retiring",
                         {[WORKER_DRAIN] = WORKER_DRAINING, [WORKER_LAST_ENDED] = WORKER_EMPTY}},
    [WORKER_DRAINING] = {"draining",
                         {[WORKER_KILL] = WORKER_KILLING, [WORKER_LAST_ENDED] = WORKER_EMPTY}},
    [WORKER_KILLING] = {"killing",
                        {[WORKER_KILL] = WORKER_KILLING,
                         [WORKER_ABANDON] = WORKER_ABANDONING,
                         [WORKER_LAST_ENDED] = WORKER_EMPTY}},
    [WORKER_ABANDONING] = {"abandoning",
                           {[WORKER_KILL] = WORKER_ABANDONING, [WORKER_LAST_ENDED] = WORKER_EMPTY}},
    [WORKER_EMPTY] = {"empty",
                      {[WORKER_DRAIN] = WORKER_EMPTY,
                       [WORKER_KILL] = WORKER_EMPTY,
                       [WORKER_STOP] = WORKER_STOPPED}},
    [WORKER_STOPPED] = {"stopped", {[WORKER_FINISH] = WORKER_FINISHED}},
    [WORKER_FINISHED] = {"finished", {0}},
};

_Static_assert(WORKER_SERVING == 0, "no edge leads to the first state: 0 means that there is none");

bool worker_state_allows(enum worker_state state, enum worker_event event)
{
    wsl_assert(state < WORKER_STATES && event < WORKER_EVENTS);
    return table[state].next[event] != 0;
}

enum worker_state worker_state_next(enum worker_state state, enum worker_event event)
{
    wsl_assert(worker_state_allows(state, event));
    return (enum worker_state)table[state].next[event];
}

const char *worker_state_name(enum worker_state state)
{
    wsl_assert(state < WORKER_STATES);
    return table[state].name;
}
