/*
 * The quick command line, websockify's: positionals and flags to a snapshot of one listener and
 * one route, through the option table and nothing else.
 *
 * Owns: nothing. Thread: the main one. Errors: findings of the line. Lifetime: the call; the caller
 * releases what it returns.
 */
#ifndef WSLUICE_RUN_CLI_CLI_QUICK_H
#define WSLUICE_RUN_CLI_CLI_QUICK_H

#include "config/model/config.h"
#include "run/cli/cli_line.h"

/* Looks at the files that the options name and opens none. NULL, or of no use, if there are errors.
 */
struct config *cli_quick_build(struct cli_line *line);

#endif
