/*
 * The outcome of a command line: what to run, or the exit status.
 *
 * Owns: a reference to the snapshot, the request that loads its file again. Thread: one.
 * Errors: in exit_status, and printed already. Lifetime: until cli_result_free.
 */
#ifndef WSLUICE_RUN_CLI_CALL_CLI_RESULT_H
#define WSLUICE_RUN_CLI_CALL_CLI_RESULT_H

#include <stdbool.h>

#include "config/load.h"
#include "config/model/config.h"
#include "run/command/rebind.h"

enum { CLI_STATUS_FAILED = 1, CLI_STATUS_USAGE = 2 };

enum cli_action {
    CLI_RUN,
    CLI_DEMO,    /* as CLI_RUN, with the built-in echo service listening on the route's target */
    CLI_CONNECT, /* standard input and output to the only route's target */
    CLI_EXIT,    /* all is done and printed: exit with the status */
};

/* Backs `file` and `again` of a result. */
struct cli_memory {
    char *path;
    struct load_override *overrides;
    char **texts; /* of the overrides */
    size_t count;
    char **words; /* of the subcommand; may hold secrets */
    size_t word_count;
};

struct cli_result {
    enum cli_action action;
    int exit_status;
    const struct config *config; /* NULL with CLI_EXIT */
    bool daemon;                 /* all paths in config are then absolute */
    bool websockify;             /* called by that name */
    struct rebind rebind;        /* the port of a wrapped command */
    struct load_request file;    /* for load_config, to reload; path NULL: there is no file */
    /* Makes the configuration of a subcommand anew, from `memory`; NULL: there is none. */
    const struct config *(*again)(const void *memory, struct diag *diag);
    struct cli_memory memory;
};

void cli_result_free_memory(struct cli_memory *memory);

void cli_result_free(struct cli_result *result);

#endif
