/*
 * Commands that are words and not options: check, reload, status and the like.
 *
 * Owns: nothing that outlives the call but what is in the result. Thread: the main one.
 * Errors: told on `err`; the result then says which status to exit with.
 * Lifetime: the caller releases the result with cli_result_free.
 */
#ifndef WSLUICE_RUN_CLI_CLI_COMMAND_H
#define WSLUICE_RUN_CLI_CLI_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "run/cli/cli_result.h"

/* False: the command line does not begin with a command, and nothing has happened. */
bool cli_command_parse(int argc, char **argv, FILE *out, FILE *err, struct cli_result *result);

#endif
