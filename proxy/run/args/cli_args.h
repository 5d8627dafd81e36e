/*
 * What the words of a command line are: flags with their arguments, and the rest. What they mean
 * together is for cli.c to say.
 *
 * Owns: nothing; arguments stay in argv. Thread: one. Errors: findings in diag, and usage_error.
 * Lifetime: that of argv.
 */
#ifndef WSLUICE_RUN_ARGS_CLI_ARGS_H
#define WSLUICE_RUN_ARGS_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/model/diag.h"
#include "run/args/cli_flag.h"

enum { CLI_POSITIONALS_MAX = 2 };

/* A flag and what it says, in the order of the command line: the last one wins. */
struct cli_assignment {
    struct cli_flag flag;
    char *argument; /* in argv; NULL: the flag has none */
};

struct cli_args {
    struct diag *diag;
    struct cli_assignment *assignments; /* the caller's: room for one per message of argv */
    size_t assignment_count;
    const char *positionals[CLI_POSITIONALS_MAX];
    size_t positional_count; /* of all, stored or not */
    char *const *command;    /* what follows "--"; NULL: there is no "--" */
    size_t command_count;
    char *file;            /* --config; NULL: none */
    bool file_is_variable; /* of $WSLUICE_CONFIG, which an image sets for everybody */
    bool websockify;       /* called by that name: no words of ours */
    bool demo, daemon, version, help, print;
    bool libserver;
    const char *auth_plugin, *auth_source; /* NULL: not given */
    bool web_auth;
    bool unknown_flag; /* then a positional may have been meant as its argument */
    bool usage_error;
};

void cli_args_read(struct cli_args *args, int argc, char **argv);

#endif
