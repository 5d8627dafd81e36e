/*
 * Starts the successor of an upgrade: with its variables and descriptors, by a starter if there is
 * one. A starter takes the variables of an upgrade and no others: one that names a library or a
 * file would lead out of the sandbox.
 *
 * Owns: nothing. Thread: the main one. Errors: -1 and errno. Lifetime: none.
 */
#ifndef WSLUICE_RUN_CHANGE_HANDOVER_H
#define WSLUICE_RUN_CHANGE_HANDOVER_H

#include "run/process/program.h"
#include "run/process/starter.h"

enum { HANDOVER_VARIABLES = 5 };

struct handover {
    const struct program *program;
    const struct starter *starter; /* NULL, or not open: this process forks */
    size_t starter_job;            /* it runs handover_execute, with the program */
    /* NAME=TEXT: INHERIT_SOCKETS, INHERIT_READY, INHERIT_ERROR, LINKS_LIST, LINKS_GENERATION */
    char *const *variables;
    const int *fds;
    size_t fd_count;
    int error_fd; /* as in struct program_start */
};

/* The child's pid. */
WSL_MUST_CHECK pid_t handover_start(const struct handover *handover);

/* A starter's job; `owner`: the program. */
void handover_execute(const void *owner, const struct starter_order *order);

#endif
