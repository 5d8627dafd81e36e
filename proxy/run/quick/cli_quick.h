/*
 * The quick command line, websockify's: turns addresses and flags into a snapshot of one listener
 * and one route, through the option table alone.
 *
 * Owns: nothing. Thread: the main one. Errors: findings of the line. Lifetime: the call; the caller
 * releases what it returns.
 */
#ifndef WSLUICE_RUN_QUICK_CLI_QUICK_H
#define WSLUICE_RUN_QUICK_CLI_QUICK_H

#include "config/model/config.h"
#include "run/quick/cli_line.h"

/* Checks files without opening them. The result is valid only if the line has no errors. */
struct config *cli_quick_build(struct cli_line *line);

#endif
