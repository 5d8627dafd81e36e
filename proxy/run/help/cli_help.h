/*
 * The texts of --help and of usage errors, made from the option table and the list of subcommands.
 *
 * Owns: nothing. Thread: any. Errors: none; a stream that fails is its owner's to notice.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_HELP_CLI_HELP_H
#define WSLUICE_RUN_HELP_CLI_HELP_H

#include <stdbool.h>
#include <stdio.h>

#include "run/args/cli_command.h"

/* Of the command line without a subcommand. `websockify`: called by that name. */
void cli_help_usage(bool websockify, FILE *stream);
/* Two lines, which leave the error below them in sight. */
void cli_help_usage_short(bool websockify, FILE *stream);
void cli_help_page(const struct cli_command_list *list, bool websockify, FILE *stream);

void cli_help_version(FILE *stream);

/* Of a subcommand. */
void cli_help_synopsis(const struct cli_command *command, FILE *stream);
void cli_help_command(const struct cli_command *command, FILE *stream);

#endif
