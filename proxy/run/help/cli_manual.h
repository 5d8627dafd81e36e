/*
 * The manual page wsluice(1), made from the option table and the list of subcommands.
 *
 * Owns: nothing. Thread: any. Errors: none; a stream that fails is its owner's to notice.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_HELP_CLI_MANUAL_H
#define WSLUICE_RUN_HELP_CLI_MANUAL_H

#include <stdio.h>

#include "run/args/cli_command.h"

void cli_manual_print(const struct cli_command_list *list, FILE *stream);

#endif
