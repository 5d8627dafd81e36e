#include "run/supervisor/process_state.h"

static const uint8_t table[PROCESS_STATES][PROCESS_EVENTS] = {
    [PROCESS_STARTING] = {[PROCESS_START] = PROCESS_SERVING, [PROCESS_CLOSE] = PROCESS_CLOSED},
    [PROCESS_SERVING] = {[PROCESS_DELAY_DRAIN] = PROCESS_UNREADY,
                         [PROCESS_RETIRE] = PROCESS_RETIRING,
                         [PROCESS_DRAIN] = PROCESS_DRAINING},
    [PROCESS_UNREADY] = {[PROCESS_DRAIN] = PROCESS_DRAINING},
    [PROCESS_RETIRING] = {[PROCESS_DRAIN] = PROCESS_DRAINING, [PROCESS_EMPTY] = PROCESS_STOPPING},
    [PROCESS_DRAINING] = {[PROCESS_EMPTY] = PROCESS_STOPPING},
    [PROCESS_STOPPING] = {[PROCESS_CLOSE] = PROCESS_CLOSED},
    [PROCESS_CLOSED] = {0},
};

_Static_assert(PROCESS_STARTING == 0,
               "no edge leads to the first state: 0 means that there is none");

bool process_state_allows(enum process_state state, enum process_event event)
{
    wsl_assert(state < PROCESS_STATES && event < PROCESS_EVENTS);
    return table[state][event] != 0;
}

enum process_state process_state_next(enum process_state state, enum process_event event)
{
    wsl_assert(process_state_allows(state, event));
    return (enum process_state)table[state][event];
}
