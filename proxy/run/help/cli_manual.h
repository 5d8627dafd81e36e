/*
 * The manual page wsluice(1), made from the tables of flags, words and options.
 *
 * Owns: nothing. Thread: any. Errors: none; a stream that fails is its owner's to notice.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_HELP_CLI_MANUAL_H
#define WSLUICE_RUN_HELP_CLI_MANUAL_H

#include <stdio.h>

void cli_manual_print(FILE *stream);

#endif
