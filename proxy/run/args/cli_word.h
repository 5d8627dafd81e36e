/*
 * The words that a command line can begin with, and what may follow each: for the usage, the
 * manual page and the completion of shells.
 *
 * Owns: nothing. Thread: any (const). Errors: none. Lifetime: static.
 */
#ifndef WSLUICE_RUN_ARGS_CLI_WORD_H
#define WSLUICE_RUN_ARGS_CLI_WORD_H

#include <stdbool.h>
#include <stddef.h>

enum cli_word_takes {
    CLI_WORD_NOTHING, /* that a shell could know */
    CLI_WORD_FILE,
    CLI_WORD_OPTION_PATH, /* routes.targets.ca */
};

struct cli_word {
    const char *word;
    const char *arguments; /* empty: none */
    enum cli_word_takes takes;
    const char *help; /* begins lower case, has no full stop */
};

/* Walks over all: *cursor begins at 0. False: there are no more. */
bool cli_word_next(size_t *cursor, struct cli_word *word);

#endif
