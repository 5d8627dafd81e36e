#include "run/supervisor/process_state.h"

static const struct {
    const char *name;
    uint8_t next[PROCESS_EVENTS];
} table[PROCESS_STATES] = {
    [PROCESS_STARTING] = {"starting",
                          {[PROCESS_START] = PROCESS_SERVING, [PROCESS_CLOSE] = PROCESS_CLOSED}},
    [PROCESS_SERVING] = {"serving",
                         {[PROCESS_DELAY_DRAIN] = PROCESS_UNREADY,
                          [PROCESS_RETIRE] = PROCESS_RETIRING,
                          [PROCESS_DRAIN] = PROCESS_DRAINING}},
    [PROCESS_UNREADY] = {"unready", {[PROCESS_DRAIN] = PROCESS_DRAINING}},
    [PROCESS_RETIRING] = {"retiring",
                          {[PROCESS_DRAIN] = PROCESS_DRAINING, [PROCESS_EMPTY] = PROCESS_STOPPING}},
    [PROCESS_DRAINING] = {"draining", {[PROCESS_EMPTY] = PROCESS_STOPPING}},
    [PROCESS_STOPPING] = {"stopping", {[PROCESS_CLOSE] = PROCESS_CLOSED}},
    [PROCESS_CLOSED] = {"closed", {0}},
};

_Static_assert(PROCESS_STARTING == 0,
               "no edge leads to the first state: 0 means that there is none");

bool process_state_allows(enum process_state state, enum process_event event)
{
    wsl_assert(state < PROCESS_STATES && event < PROCESS_EVENTS);
    return table[state].next[event] != 0;
}

enum process_state process_state_next(enum process_state state, enum process_event event)
{
    wsl_assert(process_state_allows(state, event));
    return (enum process_state)table[state].next[event];
}

const char *process_state_name(enum process_state state)
{
    wsl_assert(state < PROCESS_STATES);
    return table[state].name;
}
