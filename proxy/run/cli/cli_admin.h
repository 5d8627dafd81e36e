/*
 * Subcommands that ask a running process through its admin socket, status and kill; and how a
 * subcommand finds that socket.
 *
 * Owns: nothing. Thread: any (const). Errors: an exit status, and lines on the call's `err`.
 * Lifetime: static; the caller of cli_admin_find releases the configuration.
 */
#ifndef WSLUICE_RUN_CLI_CLI_ADMIN_H
#define WSLUICE_RUN_CLI_CLI_ADMIN_H

#include "config/model/config.h"
#include "run/cli/call/cli_call.h"

extern const struct cli_command cli_admin_status, cli_admin_kill;

#define CLI_ADMIN_SOCKET "/run/wsluice/admin.sock" /* the default */

#define CLI_ADMIN_SOCKET_FLAG                                                                      \
    {                                                                                              \
        .name = "socket", .argument = "FILE",                                                      \
        .help = "the admin socket [$WSLUICE_ADMIN_SOCKET, or " CLI_ADMIN_SOCKET "]"                \
    }

/* The socket that the environment names. NULL: none; empty counts as not set. */
const char *cli_admin_socket_variable(void);

struct cli_admin {
    const struct cli_call *call;
    struct config_address address;
    const struct config *config; /* the file that names the socket; NULL: none does */
};

/* --socket, the file's, the environment's or the default one. 0, or the exit status. */
int cli_admin_find(struct cli_admin *admin, const char *file);

#endif
