/*
 * Serves what a command line says, from opening the log to the end of the last session. If a thread
 * hangs, so that memory cannot be freed, it ends the process.
 *
 * Owns: log, demo and supervisor, during the call. Thread: the main one. Errors: false and one
 * line: it has not begun to serve. Lifetime: the call.
 */
#ifndef WSLUICE_RUN_SERVING_H
#define WSLUICE_RUN_SERVING_H

#include "run/cli/call/cli_result.h"
#include "run/process/daemon.h"
#include "run/process/program.h"
#include "run/successor.h"

/* `daemon` is told once all is ready, if the process is in the background. */
bool serving_run(const struct cli_result *cli, const struct program *program, struct daemon *daemon,
                 struct successor *successor, int *status, char *error, size_t error_size);

#endif
