/*
 * `wsluice connect`: one session between standard input and output and a WebSocket.
 *
 *      connect_net      the loop, and what dialling needs
 *      connect_stdio    standard input and output on the loop
 *      connect_result   what is printed at the end, and the exit status
 *
 * Owns: all of it, until it returns. Thread: the main one. Errors: one line on standard error.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_CONNECT_CONNECT_H
#define WSLUICE_RUN_CONNECT_CONNECT_H

#include "config/model/config.h"

/*
 * With the first target of the first route. `has_output`: standard output was open when the process
 * began. Returns the exit status.
 */
int connect_run(const struct config *config, bool has_output);

#endif
