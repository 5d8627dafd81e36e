/*
 * `wsluice check --connect`: connects to every target once, reads every certificate, folder of
 * files and token source, and prints a line for each.
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
 * Owns: a loop of its own. Thread: the caller's, which blocks until all is known.
 * Errors: in the lines. Lifetime: one call.
 */
#ifndef WSLUICE_RUN_CHECK_CONNECT_H
#define WSLUICE_RUN_CHECK_CONNECT_H

#include <stdio.h>

#include "config/model/config.h"

/* True: targets answered, files and tokens are readable, certificates valid for now. */
bool check_connect_run(const struct config *config, FILE *out);

#endif
