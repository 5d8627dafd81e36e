/*
 * The list of subcommands, and running one. run/args/cli_command.h explains a row.
 *
 * Owns: nothing but the result. Thread: the main one. Errors: printed on `err`; the result then has
 * the exit status.
 * Lifetime: the caller releases the result with cli_result_free.
 */
#ifndef WSLUICE_RUN_CLI_CLI_COMMANDS_H
#define WSLUICE_RUN_CLI_CLI_COMMANDS_H

#include <stdio.h>

#include "run/args/cli_command.h"
#include "run/cli/call/cli_result.h"

const struct cli_command_list *cli_commands_list(void);

/* Is the word most likely a command, and no address? Then `remedy` says what to write. */
bool cli_commands_explain(const char *word, char *remedy, size_t size);

/*
 * Runs the subcommand, or refuses a word that could be one. False: the command line begins with
 * neither, and nothing has happened.
 */
bool cli_commands_run(int argc, char **argv, FILE *out, FILE *err, struct cli_result *result);

#endif
