/*
 * One command line while it is being understood: its words, what is wrong with them, and where it
 * was typed.
 *
 * Owns: the findings, the assignments of the args, the directory. Thread: the main one.
 * Errors: findings; usage_error in the arguments says that the words are at fault and not the
 * machine. Lifetime: that of the call that parses it.
 */
#ifndef WSLUICE_RUN_CLI_CLI_LINE_H
#define WSLUICE_RUN_CLI_CLI_LINE_H

#include <stdbool.h>

#include "config/model/diag.h"
#include "config/options/options.h"
#include "run/args/cli_args.h"
#include "run/command/rebind.h"

struct cli_line {
    struct diag diag;
    struct cli_args args;
    struct rebind rebind; /* of a wrapped command; the result's in the end */
    char *directory;      /* where the process was started; NULL unless paths must hold elsewhere */
};

void cli_line_usage_error(struct cli_line *line, const char *option, const char *message,
                          const char *remedy);

/* What is wrong in the end is the machine, not the command line: CLI_STATUS_CANNOT. */
void cli_line_out_of_memory(struct cli_line *line);

void cli_line_bad_value(struct cli_line *line, const struct cli_assignment *assignment,
                        const char *argument, const char *why);

/*
 * A daemon leaves its directory, a file is read in another, and a printed one anywhere. False: it
 * is needed and cannot be known.
 */
bool cli_line_note_directory(struct cli_line *line);

/* Does the process depend on what a daemon leaves behind? */
void cli_line_check_background(struct cli_line *line, const struct config *config);

/*
 * A path as it is written, or from the root if the process will leave its directory; what is no
 * path, as it is. The caller frees it; NULL: out of memory.
 */
char *cli_line_rooted(const struct cli_line *line, const struct options_row *row, const char *text);

#endif
