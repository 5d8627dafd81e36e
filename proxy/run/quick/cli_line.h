/*
 * A command line without a subcommand, while it is parsed: arguments, findings, and the directory
 * where it was started.
 *
 * Owns: the findings, the arguments, the directory. Thread: the main one. Errors: findings; the
 * scan's usage_error if the command line is at fault, not the machine. Lifetime: the call that
 * parses it.
 */
#ifndef WSLUICE_RUN_QUICK_CLI_LINE_H
#define WSLUICE_RUN_QUICK_CLI_LINE_H

#include <stdbool.h>

#include "config/model/diag.h"
#include "config/options/options.h"
#include "run/args/cli_args.h"
#include "run/command/rebind.h"

struct cli_line {
    struct diag diag;
    struct cli_args args;
    struct rebind rebind; /* of a wrapped command; moves to the result */
    char *directory;      /* where the process was started; NULL unless paths must hold elsewhere */
};

void cli_line_usage_error(struct cli_line *line, const char *option, const char *message,
                          const char *remedy);

/* A remedy: "see wsluice --help", by the name that the program was called by. */
const char *cli_line_see_help(const struct cli_line *line);

/* Not the fault of the command line: CLI_STATUS_FAILED. */
void cli_line_out_of_memory(struct cli_line *line);

void cli_line_bad_value(struct cli_line *line, const struct cli_assignment *assignment,
                        const char *argument, const char *why);

/*
 * Notes the directory if paths must be absolute: a daemon leaves it, and files may be read
 * elsewhere. False: it is needed and unknown.
 */
bool cli_line_note_directory(struct cli_line *line);

/* Refuses --daemon for a socket that the parent process waits for (inetd). */
void cli_line_check_background(struct cli_line *line, const struct config *config);

/*
 * The text of an option; a path is made absolute if the process leaves its directory. The caller
 * frees it; NULL: out of memory.
 */
char *cli_line_absolute(const struct cli_line *line, const struct options_row *row,
                        const char *text);

#endif
