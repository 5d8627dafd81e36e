/*
 * `wsluice connect` and `wsluice forward`: the client's side of a WebSocket, for programs that
 * speak none.
 *
 * Owns: nothing. Thread: the main one. Errors: printed. Lifetime: static; a result that is to run
 * owns its configuration.
 */
#ifndef WSLUICE_RUN_CLI_TUNNEL_CLI_TUNNEL_H
#define WSLUICE_RUN_CLI_TUNNEL_CLI_TUNNEL_H

#include "run/args/cli_command.h"

extern const struct cli_command cli_tunnel_connect, cli_tunnel_forward;

#endif
