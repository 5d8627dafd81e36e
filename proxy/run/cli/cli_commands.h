/*
 * The list of subcommands, and running one. What a row says is in run/args/cli_command.h.
 *
 * Owns: nothing that outlives the call but what is in the result. Thread: the main one.
 * Errors: told on `err`; the result then says which status to exit with.
 * Lifetime: the caller releases the result with cli_result_free.
 */
#ifndef WSLUICE_RUN_CLI_CLI_COMMANDS_H
#define WSLUICE_RUN_CLI_CLI_COMMANDS_H

#include <stdio.h>

#include "run/args/cli_command.h"
#include "run/cli/cli_result.h"

const struct cli_command_list *cli_commands_list(void);

/* False: the command line does not begin with a subcommand, and nothing has happened. */
bool cli_commands_run(int argc, char **argv, FILE *out, FILE *err, struct cli_result *result);

#endif
