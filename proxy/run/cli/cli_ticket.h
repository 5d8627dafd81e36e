/*
 * The subcommand `ticket`: makes keys and tickets, verifies and shows them.
 *
 * Owns: nothing. Thread: any (const). Errors: an exit status, and lines on the call's `err`.
 * Lifetime: static.
 */
#ifndef WSLUICE_RUN_CLI_CLI_TICKET_H
#define WSLUICE_RUN_CLI_CLI_TICKET_H

#include "run/args/cli_command.h"

extern const struct cli_command cli_ticket_command;

#endif
