/*
 * The command line to a snapshot, through the option table and nothing else. The quick one makes
 * one listener and one route, with websockify's grammar; --config takes a file, and the flags of
 * the process win over it; commands that are words are in cli_command.h.
 *
 * Owns: nothing that outlives the call but what is in the result. Thread: the main one.
 * Errors: told on `err`, all at once; the result then says which status to exit with.
 * Lifetime: the caller releases the result with cli_result_free.
 */
#ifndef WSLUICE_RUN_CLI_CLI_H
#define WSLUICE_RUN_CLI_CLI_H

#include <stdio.h>

#include "run/cli/cli_result.h"

/*
 * Looks at the files that the options name, opens none, and never exits. Passwords are erased from
 * argv, where every user of the machine could read them.
 */
void cli_parse(int argc, char **argv, FILE *out, FILE *err, struct cli_result *result);

#endif
