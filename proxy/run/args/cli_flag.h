/*
 * All flags of the command line, those of the option table and those that are no options, and
 * how a flag is found from what was typed.
 *
 * Owns: nothing. Thread: any (const). Errors: a verdict. Lifetime: static.
 */
#ifndef WSLUICE_RUN_ARGS_CLI_FLAG_H
#define WSLUICE_RUN_ARGS_CLI_FLAG_H

#include <stdbool.h>
#include <stddef.h>

#include "config/options/options.h"

enum cli_flag_meaning {
    CLI_FLAG_OPTION,
    CLI_FLAG_CONFIG,
    CLI_FLAG_PRINT,
    CLI_FLAG_DAEMON,
    CLI_FLAG_AUTH,      /* a plugin of websockify's that there is not */
    CLI_FLAG_LIBSERVER, /* taken, and means nothing */
    CLI_FLAG_VERSION,
    CLI_FLAG_HELP,
};

struct cli_flag {
    enum cli_flag_meaning meaning;
    const struct options_row *row; /* CLI_FLAG_OPTION only */
    const struct options_flag *flag;
};

/* Walks over all flags: *cursor begins at 0. False: there are no more. */
bool cli_flag_next(size_t *cursor, struct cli_flag *flag);

/* It sets what the process has once, and a file may have as well. */
bool cli_flag_of_process(const struct cli_flag *flag);

/* Its section, whose title it stands under: that of the process for those that are no options. */
enum options_section cli_flag_section(const struct cli_flag *flag);

/* Sections of flags, what people look for first in front. False: `index` is past the last one. */
bool cli_flag_group(size_t index, enum options_section *section);

/* What it does, in one line, with its default and with names as they are written here. */
void cli_flag_help(const struct cli_flag *flag, char *text, size_t size);

bool cli_flag_by_letter(char letter, struct cli_flag *flag);

enum cli_flag_match { CLI_FLAG_FOUND, CLI_FLAG_UNKNOWN, CLI_FLAG_AMBIGUOUS };

/*
 * By its name or an unambiguous beginning of it. An abbreviation of one of websockify's flags means
 * that one, whatever flags of ours begin alike: "--log" is --log-file in people's scripts.
 * `names` gets the nearest name (UNKNOWN; may be empty) or all that it could be (AMBIGUOUS).
 */
enum cli_flag_match cli_flag_by_name(const char *name, size_t length, struct cli_flag *flag,
                                     char *names, size_t names_size);

#endif
