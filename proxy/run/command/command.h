/*
 * The command that runs along with us (wsluice PORT -- COMMAND, or `command` of a file).
 *
 *                  ended by itself
 *      running --------------------> exit:    `ended` is called, whoever runs us drains and ends
 *         ^                          ignore:  that was it
 *         +---- respawn.h decides -- respawn: started again
 *
 * It has no signal of ours blocked or ignored, none of our descriptors, the limit of descriptors
 * and the directory that we were started with, and a process group of its own unless it shares our
 * terminal: what it has started goes with it. If we are killed it gets SIGTERM.
 *
 * The happy path: command_start; later command_disable_restart, and once nobody needs the command
 * any more command_stop: SIGTERM, and SIGKILL when that has not helped.
 *
 * What can fail: the first start, which the caller hears of; a later one is tried again.
 *
 * Owns: the child, and every other child of the process (orphans, when we are a container's first
 * process). Thread: its loop's, which must be the process's main one: a child is told when the
 * thread that made it ends. Errors: NULL and one line. Lifetime: command_start to command_close;
 * its memory goes once the loop has let go of it.
 */
#ifndef WSLUICE_RUN_COMMAND_COMMAND_H
#define WSLUICE_RUN_COMMAND_COMMAND_H

#include <uv.h>

#include "config/model/config.h"
#include "run/command/rebind.h"
#include "run/process/program.h"

#define COMMAND_GRACE_MS 5000 /* between SIGTERM and SIGKILL */

struct command;

struct command_request {
    uv_loop_t *loop;
    const struct config_command *command;
    const struct rebind *rebind;
    const struct program *program; /* its directory and limits */
    bool silent;                   /* it writes to nobody, as we are in the background */
    /* It has ended and is not started again; `status` as a shell has it. Not called for `ignore`
     * before command_disable_restart. */
    void (*ended)(void *owner, int status);
    void *owner;
};

/* All but the loop is only needed during the call or lives as long as the process. */
WSL_MUST_CHECK struct command *command_start(const struct command_request *request, char *error,
                                             size_t error_size);

/* NULL is fine for all of these. */

/* From now on it is not started again. */
void command_disable_restart(struct command *command);

/* True: it is told to end, and `ended` will come. False: it does not run. */
WSL_MUST_CHECK bool command_stop(struct command *command);

/* SIGKILL, without waiting any longer. */
void command_kill(struct command *command);

void command_close(struct command *command);

#endif
