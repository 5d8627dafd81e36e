#include "run/command/command_restart.h"

void command_restart_note(struct command_restart *restart, uint64_t now)
{
    restart->starts[restart->count++ % RESPAWN_STARTS] = now;
}

uint64_t command_restart_wait(const struct command_restart *restart, uint64_t now)
{
    uint64_t ages = 0; /* their sum: without a division nothing is rounded */
    if (restart->count < RESPAWN_STARTS)
        return 0;
    for (int i = 0; i < RESPAWN_STARTS; i++)
        ages += now - restart->starts[i];
    const uint64_t enough = (uint64_t)RESPAWN_FAST_MS * RESPAWN_STARTS;
    return ages >= enough ? 0 : (enough - ages + RESPAWN_STARTS - 1) / RESPAWN_STARTS;
}
