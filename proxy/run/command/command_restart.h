/*
 * How soon a command that ended may be started again: at once, unless its last three starts were
 * ten seconds ago or less on average. One that cannot stay up is so started every five seconds.
 *
 * Owns: nothing. Thread: one. Errors: none. Lifetime: the owner's; begins as {0}.
 */
#ifndef WSLUICE_RUN_COMMAND_COMMAND_RESTART_H
#define WSLUICE_RUN_COMMAND_COMMAND_RESTART_H

#include <stdint.h>

#define COMMAND_RESTART_STARTS  3
#define COMMAND_RESTART_FAST_MS 10000

struct command_restart {
    uint64_t starts[COMMAND_RESTART_STARTS]; /* a ring */
    uint64_t count;                          /* of all that there were */
};

/* Times are milliseconds of one clock that never goes back. */
void command_restart_note(struct command_restart *restart, uint64_t now);

/* 0: now; otherwise so many milliseconds from now, as it comes too fast. */
uint64_t command_restart_wait(const struct command_restart *restart, uint64_t now);

#endif
