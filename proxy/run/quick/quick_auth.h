/*
 * --auth-plugin, --auth-source and --web-auth on the quick command line: the method of
 * authentication that the class stands for. A password is hashed at once.
 *
 * Owns: nothing. Thread: the main one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_RUN_QUICK_QUICK_AUTH_H
#define WSLUICE_RUN_QUICK_QUICK_AUTH_H

#include "run/quick/quick_values.h"

/*
 * After the flags. Reports a class that does not exist: as with websockify no error of usage, so
 * that the exit status is CLI_STATUS_FAILED.
 */
void quick_auth_set(struct quick *quick);

#endif
