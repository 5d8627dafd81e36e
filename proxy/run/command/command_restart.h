/*
 * How soon a command that ended is started again: at once, unless the average age of its last three
 * starts is below ten seconds. A command that always fails is so started every five seconds.
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
    uint64_t count;                          /* of all starts */
};

/* Times are milliseconds of a monotonic clock. */
void command_restart_note(struct command_restart *restart, uint64_t now);

/* Milliseconds until it may be started; 0: now. */
uint64_t command_restart_wait(const struct command_restart *restart, uint64_t now);

#endif
