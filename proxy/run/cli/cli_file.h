/*
 * Subcommands about configuration files: help-config and schema.
 *
 * Owns: nothing. Thread: any (const). Errors: an exit status, and lines on the call's `err`.
 * Lifetime: static.
 */
#ifndef WSLUICE_RUN_CLI_CLI_FILE_H
#define WSLUICE_RUN_CLI_CLI_FILE_H

#include "run/args/cli_command.h"

extern const struct cli_command cli_file_help, cli_file_schema;

#endif
