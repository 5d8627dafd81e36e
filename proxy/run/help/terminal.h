/*
 * The width of the terminal that a stream writes to.
 *
 * Owns: nothing. Thread: any; reads the environment. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_RUN_HELP_TERMINAL_H
#define WSLUICE_RUN_HELP_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

bool terminal_is_output(FILE *stream);

/* Its columns, or $COLUMNS instead. 0: the stream is no terminal, or its width is not known. */
unsigned terminal_columns(FILE *stream);

/* For a page of text: the columns within what reads well; `otherwise` without a terminal. */
unsigned terminal_page_width(FILE *stream, unsigned otherwise);

#endif
