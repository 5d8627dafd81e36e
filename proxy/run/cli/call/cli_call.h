/*
 * One run of a subcommand: the arguments of its handler, and two ways to fail.
 *
 * Owns: nothing. Thread: the main one. Errors: lines on `err`. Lifetime: the call.
 */
#ifndef WSLUICE_RUN_CLI_CALL_CLI_CALL_H
#define WSLUICE_RUN_CLI_CALL_CLI_CALL_H

#include <stdio.h>

#include "run/args/cli_scan.h"
#include "run/cli/call/cli_result.h"

struct cli_call {
    const struct cli_command *command;
    const struct cli_command_list *list;
    const struct cli_scan *scan; /* its options are known, the number of operands is right */
    FILE *out, *err;
    int argc;
    char **argv;               /* behind the subcommand */
    struct cli_result *result; /* a handler may ask for another action than CLI_EXIT */
};

/* The operand at `index`. NULL: there are fewer. */
const char *cli_call_operand(const struct cli_call *call, size_t index);

/* Prints the synopsis and an error about `word`, which may be "". Returns CLI_STATUS_USAGE. */
int cli_call_wrong_usage(const struct cli_call *call, const char *word, const char *message);

/* Prints an error. Returns CLI_STATUS_FAILED. */
int cli_call_cannot(const struct cli_call *call, const char *message);

#endif
