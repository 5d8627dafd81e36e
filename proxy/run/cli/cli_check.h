/*
 * The subcommands check and health: is a file good, and is a process ready for clients?
 *
 * Owns: nothing. Thread: the main one. Errors: printed; the exit status. Lifetime: static.
 */
#ifndef WSLUICE_RUN_CLI_CLI_CHECK_H
#define WSLUICE_RUN_CLI_CLI_CHECK_H

#include "run/args/cli_command.h"

extern const struct cli_command cli_check_file, cli_check_health;

#endif
