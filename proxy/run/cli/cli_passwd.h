/*
 * `wsluice passwd`: writes the users file of basic and login.
 *
 * Owns: nothing. Thread: the main one. Errors: printed; an exit status. Lifetime: static.
 */
#ifndef WSLUICE_RUN_CLI_CLI_PASSWD_H
#define WSLUICE_RUN_CLI_CLI_PASSWD_H

#include "run/args/cli_command.h"

extern const struct cli_command cli_passwd_command;

#endif
