/*
 * `wsluice check --connect`: tries every target once and looks at every certificate, folder of
 * files and source of tokens, and says what it saw, a line for each.
 *
 *     target 10.0.0.5:5900: connected in 3 ms
 *     target desk.example.com:443: connected in 12 ms, TLSv1.3; certificate of desk.example.com,
 *         89 days left, verified
 *     target 10.0.0.9:22: failed: 10.0.0.9:22: Connection refused
 *     target {name}.desks:5900: depends on the request; not tried
 *     files /usr/share/novnc: readable
 *     tokens /etc/wsluice/tokens: 17 known
 *     certificate /etc/ssl/desk.pem (desk.example.com): 61 days left
 *     gateway.yaml: not ok, see above
 *
 * Owns: everything it needs, a loop of its own included. Thread: the caller's, until all is known.
 * Errors: in the lines. Lifetime: one call.
 */
#ifndef WSLUICE_RUN_CHECK_CONNECT_H
#define WSLUICE_RUN_CHECK_CONNECT_H

#include "config/model/config.h"

#include <stdio.h>

/* True: every target answered, and no certificate is expired or about to be. */
bool check_connect_run(const struct config *config, FILE *out);

#endif
