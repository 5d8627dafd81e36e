/*
 * Completion for shells, made from the tables of flags, words and options.
 *
 * Owns: nothing. Thread: any. Errors: false for a shell that is not known; a stream that fails is
 * its owner's to notice. Lifetime: none.
 */
#ifndef WSLUICE_RUN_HELP_CLI_COMPLETION_H
#define WSLUICE_RUN_HELP_CLI_COMPLETION_H

#include <stdbool.h>
#include <stdio.h>

/* bash, zsh or fish. */
bool cli_completion_print(const char *shell, FILE *stream);

#endif
