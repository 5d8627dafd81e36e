/*
 * The arguments of a command line without a subcommand, which starts the bridge or the gateway:
 * a scan, without the options that no configuration has (--daemon, --config). cli.c and cli_quick.c
 * interpret the rest.
 *
 * Owns: its scan; arguments stay in argv. Thread: one. Errors: those of the scan.
 * Lifetime: until cli_args_free, and that of argv.
 */
#ifndef WSLUICE_RUN_ARGS_CLI_ARGS_H
#define WSLUICE_RUN_ARGS_CLI_ARGS_H

#include "run/args/cli_scan.h"

struct cli_args {
    struct cli_scan scan;  /* options of the table; addresses; the wrapped command in `rest` */
    char *file;            /* --config; NULL: none */
    bool file_is_variable; /* of $WSLUICE_CONFIG, which an image sets for everybody */
    bool demo, daemon, print;
    bool libserver;
    const char *auth_plugin; /* NULL: not given */
    char *auth_source;       /* likewise */
    bool web_auth;
};

/* scan.diag and scan.websockify (no subcommands, no demo) are set; argv[0] is the program. False:
 * out of memory. */
bool cli_args_read(struct cli_args *args, int argc, char **argv);

void cli_args_free(struct cli_args *args);

#endif
