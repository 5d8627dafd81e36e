/*
 * Subcommands that ask a running process through its admin socket: status, kill and health.
 *
 * Owns: nothing. Thread: any (const). Errors: none. Lifetime: static.
 */
#ifndef WSLUICE_RUN_CLI_CLI_ADMIN_H
#define WSLUICE_RUN_CLI_CLI_ADMIN_H

#include "run/args/cli_command.h"

extern const struct cli_command cli_admin_status, cli_admin_kill, cli_admin_health;

#endif
