/*
 * A second process that starts programs for this one, which gives up the right to do so (sandbox).
 *
 *     starter_open --> the starter: fork, then waits for orders
 *     this process --> starter_drop, sandbox ...
 *                  --> starter_start --> the starter: clone --> child: runs the job, which executes
 *
 * The child is a child of this process (CLONE_PARENT): it is waited for and signalled as if this
 * process had forked. The starter knows its jobs from the time of the fork; an order chooses one
 * and brings a text and descriptors, so a process that has been taken over can start nothing else.
 *
 * It opens nothing, reads no keys, ignores signals of the terminal and of service managers, and
 * ends with this process.
 *
 * Owns: the socket, the starter's pid. Thread: the main one; starter_open before others start.
 * Errors: false or -1, and errno; ESRCH: the starter has ended. Lifetime: starter_open to
 * starter_close.
 */
#ifndef WSLUICE_RUN_PROCESS_STARTER_H
#define WSLUICE_RUN_PROCESS_STARTER_H

#include <sys/types.h>

#include "run/process/program.h"

struct starter_order {
    const char *text; /* for the job, NUL behind it */
    size_t length;
    const int *fds; /* that the child inherits under the same numbers, beside 0, 1 and 2 */
    size_t fd_count;
};

/* In the child, on a small stack; executes a program, or ends with _exit. */
typedef void starter_run(const void *owner, const struct starter_order *order);

struct starter_job {
    starter_run *run;
    const void *owner;
};

struct starter_setup {
    const struct starter_job *jobs;
    size_t job_count;
    /* Gives up privileges as this process does; false: *error says why. */
    bool (*drop)(const void *owner, char *error, size_t error_size);
    const void *drop_owner;
    const struct program *program; /* whose title becomes STARTER_NAME; NULL: none */
};

#define STARTER_NAME "wsluice-starter"

struct starter {
    int fd;    /* -1: none */
    pid_t pid; /* of the starter */
};

/* NULL: there is none. */
static inline bool starter_is_open(const struct starter *starter)
{
    return starter && starter->fd >= 0;
}

/* `setup` is needed during the call only: the starter has a copy of all memory. */
WSL_MUST_CHECK bool starter_open(struct starter *starter, const struct starter_setup *setup);

/* To be called when this process drops its privileges. */
WSL_MUST_CHECK bool starter_drop(const struct starter *starter, char *error, size_t error_size);

/* Returns the child's pid. */
WSL_MUST_CHECK pid_t starter_start(const struct starter *starter, size_t job,
                                   const struct starter_order *order);

void starter_close(struct starter *starter);

#endif
