/*
 * A subcommand of the command line ("wsluice status"): its row. The scanner, usage, --help, the
 * manual page and the completion of shells are made from the rows.
 *
 * To add a subcommand `badge`, write in a module of run/cli:
 *
 *     static const struct options_flag badge_flags[] = {
 *         {.name = "key", .argument = "FILE", .help = "sign with the key in this file"},
 *         {.name = "json", .help = "print JSON"},
 *     };
 *
 *     static int run_badge(const struct cli_call *call) { ... return the exit status; }
 *
 *     const struct cli_command cli_badge = {
 *         .name = "badge", .operands = "VERB [NAME]", .operands_min = 1, .operands_max = 2,
 *         .flags = badge_flags, .flag_count = WSL_COUNT(badge_flags),
 *         .help = "make and verify badges", .details = "...", .run = run_badge,
 *     };
 *
 * and add it to the list in cli_commands.c. run/cli/call/cli_call.h has what handlers share. The
 * scanner refuses unknown options and wrong numbers of operands; the handler reads options with
 * cli_scan_value and cli_scan_has, and judges their values. Each subcommand has --help as well. An
 * argument written "asc|desc" is a choice, which shells complete; FILE and DIR complete as files
 * and folders. An option that several subcommands have takes the same kind of argument in each.
 *
 * Owns: nothing. Thread: any (const). Errors: none. Lifetime: static.
 */
#ifndef WSLUICE_RUN_ARGS_CLI_COMMAND_H
#define WSLUICE_RUN_ARGS_CLI_COMMAND_H

#include <limits.h>

#include "config/options/options.h"

/* What shells complete an operand with. */
enum cli_operand {
    CLI_OPERAND_NOTHING,
    CLI_OPERAND_FILE,
    CLI_OPERAND_OPTION_PATH,
    CLI_OPERAND_COMMAND,
    CLI_OPERAND_CHOICE, /* its `operands`, written "asc|desc", or "asc|desc [MORE]" */
};

#define CLI_OPERANDS_ANY UINT_MAX

struct cli_call;

struct cli_command {
    const char *name;
    const char *operands; /* for the synopsis; empty: none */
    unsigned operands_min, operands_max;
    enum cli_operand operand;
    const struct options_flag *flags; /* its own; only letter, name, argument and help are used */
    size_t flag_count;
    const char *help;    /* one line; begins lower case, has no full stop */
    const char *details; /* whole lines for its --help; NULL: none */
    /* Returns the exit status. NULL: a word of the command line that serves (demo). */
    int (*run)(const struct cli_call *call);
};

/* In the order of the help. */
struct cli_command_list {
    const struct cli_command *const *commands;
    size_t count;
};

/* NULL: there is none of this name. */
const struct cli_command *cli_command_find(const struct cli_command_list *list, const char *name);

/* The command whose name is most like the word; NULL: none is near. */
const struct cli_command *cli_command_nearest(const struct cli_command_list *list,
                                              const char *word);

#endif
