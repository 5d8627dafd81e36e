#include "run/command/respawn.h"

void respawn_note(struct respawn *respawn, uint64_t now)
{
    respawn->starts[respawn->count++ % RESPAWN_STARTS] = now;
}

uint64_t respawn_wait(const struct respawn *respawn, uint64_t now)
{
    uint64_t ages = 0; /* their sum: without a division nothing is rounded */
    if (respawn->count < RESPAWN_STARTS)
        return 0;
    for (int i = 0; i < RESPAWN_STARTS; i++)
        ages += now - respawn->starts[i];
    const uint64_t enough = (uint64_t)RESPAWN_FAST_MS * RESPAWN_STARTS;
    return ages >= enough ? 0 : (enough - ages + RESPAWN_STARTS - 1) / RESPAWN_STARTS;
}
