/*
 * The command that runs beside this process (wsluice PORT -- COMMAND, or `command` of a file).
 *
 *                  ends by itself
 *      running --------------------> exit:    `ended` is called; the caller drains and ends
 *         ^                          ignore:  nothing
 *         +--- command_restart.h --- respawn: started again
 *
 * The command is started with default signal handling and none of this process's descriptors, with
 * the directory and the limit of descriptors that this process was started with, and, unless it
 * shares this process's terminal, in a process group of its own: what it starts ends with it. If
 * this process is killed, the kernel sends the command SIGTERM.
 *
 * The happy path: command_create, command_start; later command_disable_restart, and once the
 * command is not needed any more command_stop: SIGTERM, and SIGKILL after COMMAND_GRACE_MS.
 *
 * What can fail: the first start, which command_start reports; a later start is tried again.
 *
 * Owns: the child, and every other child of the process (orphans, when it is a container's first
 * process). Thread: its loop's, which must be the process's main one: PR_SET_PDEATHSIG signals when
 * the thread that forked ends. Errors: NULL or false and one line. Lifetime: command_create to
 * command_close;
 * the memory is freed once the loop has closed the handles.
 */
#ifndef WSLUICE_RUN_COMMAND_COMMAND_H
#define WSLUICE_RUN_COMMAND_COMMAND_H

#include <stdatomic.h>

#include <uv.h>

#include "config/model/config.h"
#include "run/command/rebind.h"
#include "run/process/program.h"
#include "run/process/starter.h"

#define COMMAND_GRACE_MS 5000 /* between SIGTERM and SIGKILL */

struct command;

struct command_request {
    uv_loop_t *loop;
    const struct config_command *command;
    const struct rebind *rebind;
    const struct program *program; /* its directory and limits */
    bool silent;                   /* its output is discarded: the process is in the background */
    /*
     * It has ended and is not started again; `status` as in a shell. Not called for `ignore` before
     * command_disable_restart.
     */
    void (*ended)(void *owner, int status);
    void *owner;
    atomic_bool *is_over; /* set once it has ended and is not started again, `ignore` included */
    /* If it is open by the time of a start, it starts the command; its job is command_execute. */
    const struct starter *starter; /* NULL: this process forks */
    size_t starter_job;
};

/* Does not start it. `command` is needed during the call only; the rest outlives the command. */
WSL_MUST_CHECK struct command *command_create(const struct command_request *request, char *error,
                                              size_t error_size);

WSL_MUST_CHECK bool command_start(struct command *command, char *error, size_t error_size);

/* A starter's job; `owner`: the command. */
void command_execute(const void *owner, const struct starter_order *order);

/* The functions below accept NULL. */

/* Once it has ended it is not started again. */
void command_disable_restart(struct command *command);

/* True: it gets SIGTERM, and `ended` will be called. False: it does not run. */
WSL_MUST_CHECK bool command_stop(struct command *command);

/* Sends SIGKILL. */
void command_kill(struct command *command);

void command_close(struct command *command);

#endif
