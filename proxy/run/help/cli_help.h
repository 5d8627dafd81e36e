/*
 * The text of --help and of usage errors, made from the option table.
 *
 * Owns: nothing. Thread: any. Errors: none; a stream that fails is its owner's to notice.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_HELP_CLI_HELP_H
#define WSLUICE_RUN_HELP_CLI_HELP_H

#include <stdbool.h>
#include <stdio.h>

/* `websockify`: called by that name. */
void cli_help_usage(bool websockify, FILE *stream);
void cli_help_page(bool websockify, FILE *stream);

#endif
