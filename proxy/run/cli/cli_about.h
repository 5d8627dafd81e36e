/*
 * Subcommands about the program itself: help, version, man and completion.
 *
 * Owns: nothing. Thread: the main one. Errors: lines on the call's err, and its exit status.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_CLI_CLI_ABOUT_H
#define WSLUICE_RUN_CLI_CLI_ABOUT_H

#include "run/args/cli_command.h"

extern const struct cli_command cli_about_help, cli_about_version, cli_about_man,
    cli_about_completion;

#endif
