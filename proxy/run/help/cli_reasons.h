/*
 * The table of end reasons: as Markdown for operators, with what to do, and the Close codes for
 * developers of clients; or one reason, for the terminal.
 *
 * Owns: nothing. Thread: any. Errors: none; a stream that fails is its owner's to notice.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_HELP_CLI_REASONS_H
#define WSLUICE_RUN_HELP_CLI_REASONS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/reason.h"

/* One line for operators: what to do when the log has it. "": nothing; NULL: never in the log. */
const char *cli_reasons_advice(enum reason reason);

/* The same where there is no log to read: without "read `detail`" and without Markdown. Cut to
 * size. */
void cli_reasons_remedy(enum reason reason, char *text, size_t size);

/* All reasons, in the order of the table. */
void cli_reasons_print(FILE *stream);

/* One of them, by the name that the log has. False: there is none of that name. */
bool cli_reasons_explain(const char *name, FILE *stream);

/* Those that a Close frame carries, by its code. */
void cli_reasons_print_close(FILE *stream);

#endif
