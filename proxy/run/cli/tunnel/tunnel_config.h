/*
 * The configuration that a command line of `wsluice connect` or `wsluice forward` stands for: a raw
 * listener and a route for each tunnel, through the option table alone.
 *
 *     connect URL                the listener's address is fd:0: standard input takes its place
 *     forward LISTEN URL ...     PORT alone is one of 127.0.0.1
 *
 * Owns: nothing. Thread: one. Errors: NULL, and findings in the scan's diag; *usage: the command
 * line is at fault, not a file or the machine. Lifetime: the caller releases the snapshot.
 */
#ifndef WSLUICE_RUN_CLI_TUNNEL_TUNNEL_CONFIG_H
#define WSLUICE_RUN_CLI_TUNNEL_TUNNEL_CONFIG_H

#include "config/model/config.h"
#include "run/args/cli_scan.h"

enum tunnel_config_kind { TUNNEL_CONFIG_CONNECT, TUNNEL_CONFIG_FORWARD };

WSL_MUST_CHECK struct config *tunnel_config_make(const struct cli_scan *scan,
                                                 enum tunnel_config_kind kind, bool *usage);

#endif
