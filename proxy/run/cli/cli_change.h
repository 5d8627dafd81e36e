/*
 * Subcommands that change a running process and wait for the verdict: reload and upgrade.
 *
 *      admin socket    POST /reload or /upgrade; the answer is the verdict
 *      pid_file        SIGHUP or SIGUSR2; the verdict is in the status, if a route shows it
 *
 * Owns: nothing. Thread: any (const). Errors: an exit status, and lines on the call's `err`.
 * Lifetime: static.
 */
#ifndef WSLUICE_RUN_CLI_CLI_CHANGE_H
#define WSLUICE_RUN_CLI_CLI_CHANGE_H

#include "run/args/cli_command.h"

extern const struct cli_command cli_change_reload, cli_change_upgrade;

#endif
