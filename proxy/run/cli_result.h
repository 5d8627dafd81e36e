/*
 * What a command line asks for.
 *
 * Owns: a reference to the snapshot, the request that loads its file again. Thread: one.
 * Errors: in exit_status, and told already. Lifetime: until cli_result_free.
 */
#ifndef WSLUICE_RUN_CLI_RESULT_H
#define WSLUICE_RUN_CLI_RESULT_H

#include <stdbool.h>

#include "config/config.h"
#include "config/load.h"

enum { CLI_STATUS_CANNOT = 1, CLI_STATUS_USAGE = 2 };

enum cli_action {
    CLI_RUN,
    CLI_DEMO,  /* as CLI_RUN, with the built-in echo service listening on the route's target */
    CLI_CHECK, /* check --connect: the file is right, now try its certificates and targets */
    CLI_EXIT,  /* --help, --version or an error: all has been said, exit with the status */
};

struct cli_result {
    enum cli_action action;
    int exit_status;
    const struct config *config; /* NULL with CLI_EXIT */
    bool daemon;                 /* all paths in config are then absolute */
    struct load_request file;    /* for load_config, to reload; path NULL: there is no file */
};

/* Of load_config, and its memory. */
void cli_result_free_request(struct load_request *request);

void cli_result_free(struct cli_result *result);

#endif
