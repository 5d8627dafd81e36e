/*
 * Subcommands that ask a running process through its admin socket: status and kill.
 *
 * Owns: nothing. Thread: any (const). Errors: none. Lifetime: static.
 */
#ifndef WSLUICE_RUN_CLI_CLI_ADMIN_H
#define WSLUICE_RUN_CLI_CLI_ADMIN_H

#include "run/args/cli_command.h"

extern const struct cli_command cli_admin_status, cli_admin_kill;

#define CLI_ADMIN_SOCKET "/run/wsluice/admin.sock" /* the default */

#define CLI_ADMIN_SOCKET_FLAG                                                                      \
    {                                                                                              \
        .name = "socket", .argument = "FILE",                                                      \
        .help = "the admin socket [$WSLUICE_ADMIN_SOCKET, or " CLI_ADMIN_SOCKET "]"                \
    }

/* The socket that the environment names. NULL: none; empty counts as not set. */
const char *cli_admin_socket_variable(void);

#endif
