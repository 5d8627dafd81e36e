/*
 * What a process does differently when a predecessor has started it, for an upgrade
 * (run/change/upgrade.h): it says its errors to the predecessor as well, since nobody may read
 * its standard error, and it is in the background already if the predecessor was.
 *
 * Owns: the pipe. Thread: the main one, before others start. Errors: none; what the pipe does not
 * take is on standard error. Lifetime: successor_parse to successor_serves or successor_failed.
 */
#ifndef WSLUICE_RUN_SUCCESSOR_H
#define WSLUICE_RUN_SUCCESSOR_H

#include "run/cli/call/cli_result.h"

struct daemon;

struct successor {
    int error_fd; /* pipe to the predecessor; -1: none */
};

/* As cli_parse. */
void successor_parse(struct successor *successor, int argc, char **argv, struct cli_result *cli);

/* As daemon_begin. */
bool successor_go_to_background(struct daemon *daemon, int keep, int *exit_status);

/* The start has succeeded: from here on errors are for the log. */
void successor_serves(struct successor *successor);

/* Prints the error of a start that failed; `program`: the name for messages. */
void successor_failed(struct successor *successor, const char *program, const char *error);

#endif
