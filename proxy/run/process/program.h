/*
 * This program as it was started, so that a successor can be started the same way. It is recorded
 * before the process goes to the background, changes its directory and erases passwords from its
 * arguments.
 *
 * The path is the one that was executed, links unresolved: a newer binary at that path is used.
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
    char *directory;  /* NULL: it was removed */
    char **argv;
    char *title; /* the memory that ps shows, as the kernel made it; NULL: not known */
    size_t title_size;
    struct rlimit descriptors; /* before this process raises it */
};

WSL_MUST_CHECK bool program_remember(struct program *program, char *const *argv);

/* What ps shows of this process from now on instead of its arguments; cut to their length. */
void program_set_title(const struct program *program, const char *title);

/* In a child: no signal is blocked, ignored or handled. */
void program_reset_signals(void);

/* As fork(2), for a child that executes another program: no signal is blocked or ignored in it. */
WSL_MUST_CHECK pid_t program_fork(void);

struct program_start {
    char *const *environment;
    const int *fds; /* that it inherits under the same numbers, as 0, 1 and 2 */
    size_t fd_count;
    int error_fd; /* one of `fds`: gets a NUL and errno if execve fails; -1: none */
};

/* In a child. */
_Noreturn void program_execute(const struct program *program, const struct program_start *start);

WSL_MUST_CHECK pid_t program_start(const struct program *program,
                                   const struct program_start *start);

void program_free(struct program *program);

#endif
