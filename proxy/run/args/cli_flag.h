/*
 * The options of a command line, and how one is found from a word. Without a subcommand they are
 * those of the option table and a few that no file has; a subcommand has its own and --help.
 * Functions take the subcommand; NULL: none.
 *
 * Owns: nothing. Thread: any (const). Errors: a verdict. Lifetime: static.
 */
#ifndef WSLUICE_RUN_ARGS_CLI_FLAG_H
#define WSLUICE_RUN_ARGS_CLI_FLAG_H

#include <stdbool.h>
#include <stddef.h>

#include "run/args/cli_command.h"

enum cli_flag_meaning {
    CLI_FLAG_OPTION,  /* of the option table */
    CLI_FLAG_COMMAND, /* of a subcommand */
    CLI_FLAG_CONFIG,
    CLI_FLAG_PRINT,
    CLI_FLAG_DAEMON,
    CLI_FLAG_AUTH,      /* websockify's authentication plugins */
    CLI_FLAG_LIBSERVER, /* accepted, without effect */
    CLI_FLAG_VERSION,
    CLI_FLAG_HELP,
};

struct cli_flag {
    enum cli_flag_meaning meaning;
    const struct options_row *row; /* CLI_FLAG_OPTION only */
    const struct options_flag *flag;
};

/* Iterates over all flags: *cursor begins at 0. False: there are no more. */
bool cli_flag_next(const struct cli_command *command, size_t *cursor, struct cli_flag *flag);

/* Of CLI_FLAG_OPTION: an option of the process, which goes with --config as well. */
bool cli_flag_is_of_process(const struct cli_flag *flag);

/* Without a subcommand: the section whose title it stands under in --help. */
enum options_section cli_flag_section(const struct cli_flag *flag);

/* The sections in the order of --help. False: `index` is past the last one. */
bool cli_flag_group(size_t index, enum options_section *section);

/* One line of help with the default, as it is written on a command line. */
void cli_flag_help(const struct cli_flag *flag, char *text, size_t size);

bool cli_flag_by_letter(const struct cli_command *command, char letter, struct cli_flag *flag);

enum cli_flag_match { CLI_FLAG_FOUND, CLI_FLAG_UNKNOWN, CLI_FLAG_AMBIGUOUS };

/*
 * By its name or an unambiguous beginning of it. Where a beginning fits websockify's flags and our
 * own, websockify's are meant: "--log" is --log-file in existing scripts.
 * `names` gets the nearest name (UNKNOWN; may be empty) or all that it could be (AMBIGUOUS).
 */
enum cli_flag_match cli_flag_by_name(const struct cli_command *command, const char *name,
                                     size_t length, struct cli_flag *flag, char *names,
                                     size_t names_size);

#endif
