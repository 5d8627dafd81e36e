/*
 * What WSLUICE_... variables add to a command line: to one that names neither addresses nor a file,
 * the quick form or the file, so that a container needs no arguments; to every one, what the
 * process has once.
 *
 * Owns: nothing; what it adds points into the environment. Thread: the main one, before there are
 * others. Errors: those of the flags and addresses, from whoever judges them. Lifetime: the call.
 */
#ifndef WSLUICE_RUN_ARGS_CLI_ENVIRONMENT_H
#define WSLUICE_RUN_ARGS_CLI_ENVIRONMENT_H

#include "run/args/cli_args.h"

/* After the words were scanned: a flag of the command line wins over its variable. */
void cli_environment_add(struct cli_args *args);

/* A line about each, for --help. */
struct cli_environment_variable {
    const char *name, *help;
};

/* Walks over all: *cursor begins at 0. False: there are no more. */
bool cli_environment_next(size_t *cursor, struct cli_environment_variable *variable);

#endif
