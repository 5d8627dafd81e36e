/*
 * Completion for shells, made from the option table and the list of subcommands.
 *
 * Owns: nothing. Thread: any. Errors: false for a shell that is not known; a stream that fails is
 * its owner's to notice. Lifetime: none.
 */
#ifndef WSLUICE_RUN_HELP_CLI_COMPLETION_H
#define WSLUICE_RUN_HELP_CLI_COMPLETION_H

#include <stdbool.h>
#include <stdio.h>

#include "run/args/cli_command.h"

/* bash, zsh or fish. */
bool cli_completion_print(const struct cli_command_list *list, const char *shell, FILE *stream);

#endif
