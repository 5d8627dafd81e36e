/*
 * Adds WSLUICE_... variables to a command line. Options of the process are added to every one;
 * addresses or the file only where it names neither, so that a container needs no arguments.
 *
 * Owns: nothing; what is added points into the environment. Thread: the main one, before there are
 * others. Errors: none; values are checked like those of the command line. Lifetime: the call.
 */
#ifndef WSLUICE_RUN_ARGS_CLI_ENVIRONMENT_H
#define WSLUICE_RUN_ARGS_CLI_ENVIRONMENT_H

#include "run/args/cli_args.h"

/* After the scan: a flag of the command line wins over its variable. */
void cli_environment_add(struct cli_args *args);

/* For --help. */
struct cli_environment_variable {
    const char *name, *help;
};

/* Iterates over all: *cursor begins at 0. False: there are no more. */
bool cli_environment_next(size_t *cursor, struct cli_environment_variable *variable);

#endif
