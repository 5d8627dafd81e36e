/*
 * The scanner of command lines: splits words into options with their arguments, operands, and what
 * follows "--". All command lines go through it, with a subcommand or without.
 *
 *     --name=ARGUMENT, --name ARGUMENT    any unambiguous beginning of the name does
 *     -v, -vD                             letters without an argument
 *     -HARGUMENT, -H ARGUMENT             a letter with one; options of the table have none
 *     --                                  the rest is operands; without a subcommand, a command
 *     -, and all other words              operands, before, between and after options
 *
 * Scanning ends at --help and --version. A repeated option is kept each time; by convention the
 * last one wins.
 *
 * Owns: its two arrays; words and arguments stay in argv. Thread: one. Errors: findings in diag,
 * all of them, and usage_error. Lifetime: until cli_scan_free, and that of argv.
 */
#ifndef WSLUICE_RUN_ARGS_CLI_SCAN_H
#define WSLUICE_RUN_ARGS_CLI_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "config/model/diag.h"
#include "run/args/cli_flag.h"

enum { CLI_SCAN_SPARE = 9 }; /* assignments and operands that may be added after scanning */

/* An option and its argument. */
struct cli_assignment {
    struct cli_flag flag;
    char *argument; /* in argv; NULL: the option takes none */
};

struct cli_scan {
    struct diag *diag;
    bool websockify;                    /* called by that name: hints say so */
    const struct cli_command *command;  /* whose options are known; NULL: no subcommand */
    struct cli_assignment *assignments; /* in the order of the command line */
    size_t assignment_count;
    const char **operands;
    size_t operand_count;
    char *const *rest; /* behind "--" without a subcommand; NULL: there is no "--" */
    size_t rest_count;
    bool help, version;
    bool unknown_flag; /* an operand may have been meant as its argument */
    bool usage_error;
};

/* argv[0..argc) begins behind the program and the subcommand. False: out of memory, in diag. */
bool cli_scan_words(struct cli_scan *scan, int argc, char **argv);

void cli_scan_free(struct cli_scan *scan);

/* The argument of the last option of this name, by its whole name. NULL: it is not given. */
char *cli_scan_value(const struct cli_scan *scan, const char *name);

bool cli_scan_has(const struct cli_scan *scan, const char *name);

#endif
