/*
 * This program, as it was started: what a process that takes over runs. Remembered before the
 * process goes to the background, leaves its directory and wipes passwords off its arguments.
 *
 * The path is the one that was executed, not what it led to: a newer binary in its place is taken.
 *
 * Owns: copies of the arguments and the directory. Thread: the main one. Errors: false: out of
 * memory; program_start returns -1 with errno. Lifetime: program_remember to program_free.
 */
#ifndef WSLUICE_RUN_PROCESS_PROGRAM_H
#define WSLUICE_RUN_PROCESS_PROGRAM_H

#include <sys/resource.h>
#include <sys/types.h>

#include "base/base.h"

struct program {
    const char *path; /* relative to the directory, if it is relative */
    char *directory;  /* NULL: it has none any more */
    char **argv;
    struct rlimit descriptors; /* before we raised it */
};

WSL_MUST_CHECK bool program_remember(struct program *program, char *const *argv);

/*
 * As fork(2), for a child that will execute another program: that expects no signal to be blocked
 * or ignored, so none is in the child.
 */
WSL_MUST_CHECK pid_t program_fork(void);

/* Runs it as a child that gets exactly these descriptors beside standard input, output and error;
 * they keep their numbers. */
WSL_MUST_CHECK pid_t program_start(const struct program *program, char *const *environment,
                                   const int *fds, size_t count);

void program_free(struct program *program);

#endif
