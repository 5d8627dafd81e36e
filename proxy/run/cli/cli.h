/*
 * Turns a command line into a snapshot, through the option table alone. The quick form makes one
 * listener and one route, in websockify's grammar; --config loads a file, over which options of the
 * process win. Subcommands are in cli_commands.h.
 *
 * Owns: nothing but the result. Thread: the main one. Errors: printed on `err`, all of them; the
 * result then has the exit status.
 * Lifetime: the caller releases the result with cli_result_free.
 */
#ifndef WSLUICE_RUN_CLI_CLI_H
#define WSLUICE_RUN_CLI_CLI_H

#include <stdio.h>

#include "run/cli/call/cli_result.h"

/*
 * Checks the files that the options name without opening them. Never exits. Erases passwords from
 * argv, which every user of the machine can read.
 */
void cli_parse(int argc, char **argv, FILE *out, FILE *err, struct cli_result *result);

#endif
