/*
 * The quick command line: arguments to one listener, one route and the rest of a snapshot, through
 * the option table and nothing else. The grammar is websockify's.
 *
 * Owns: nothing that outlives the call but the snapshot it hands out. Thread: the main one.
 * Errors: told on `err`, all at once; the result then says which status to exit with: 2 when the
 * command line is wrong, 1 when it cannot be done here.
 * Lifetime: the caller releases result.config.
 */
#ifndef WSLUICE_RUN_CLI_H
#define WSLUICE_RUN_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

enum cli_action {
    CLI_RUN,
    CLI_DEMO, /* as CLI_RUN, with the built-in echo service listening on the route's target */
    CLI_EXIT, /* --help, --version or an error: all has been said, exit with the status */
};

struct cli_result {
    enum cli_action action;
    int exit_status;
    const struct config *config; /* NULL with CLI_EXIT */
    bool daemon;                 /* all paths in config are then absolute */
};

/*
 * Looks at the files that the options name, opens none, and never exits. Passwords are erased from
 * argv, where every user of the machine could read them.
 */
void cli_parse(int argc, char **argv, FILE *out, FILE *err, struct cli_result *result);

#endif
