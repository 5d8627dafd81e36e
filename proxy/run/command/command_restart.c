#include "run/command/command_restart.h"

void command_restart_note(struct command_restart *restart, uint64_t now)
{
    restart->starts[restart->count++ % COMMAND_RESTART_STARTS] = now;
}

uint64_t command_restart_wait(const struct command_restart *restart, uint64_t now)
{
    uint64_t ages = 0; /* their sum, not their average: nothing is rounded */
    if (restart->count < COMMAND_RESTART_STARTS)
        return 0;
    for (int i = 0; i < COMMAND_RESTART_STARTS; i++)
        ages += now - restart->starts[i];
    const uint64_t enough = (uint64_t)COMMAND_RESTART_FAST_MS * COMMAND_RESTART_STARTS;
    return ages >= enough ? 0
                          : (enough - ages + COMMAND_RESTART_STARTS - 1) / COMMAND_RESTART_STARTS;
}
