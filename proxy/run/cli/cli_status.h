/*
 * Commands that speak with a process that runs, by its admin socket: status, kill and health.
 *
 * Owns: nothing. Thread: the main one. Errors: one line on `err`, and the status to exit with.
 * Lifetime: the call.
 */
#ifndef WSLUICE_RUN_CLI_CLI_STATUS_H
#define WSLUICE_RUN_CLI_CLI_STATUS_H

#include <stdio.h>

#define CLI_STATUS_SOCKET "/run/wsluice/admin.sock" /* when nothing names another */

extern const char cli_status_usage[], cli_status_kill_usage[], cli_status_health_usage[];

/* The words behind the command's own; return what to exit with. */
int cli_status_show(int argc, char **argv, FILE *out, FILE *err);
int cli_status_kill(int argc, char **argv, FILE *out, FILE *err);
int cli_status_health(int argc, char **argv, FILE *out, FILE *err);

#endif
