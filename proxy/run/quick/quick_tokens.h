/*
 * --token-plugin and --token-source on the quick command line: the source that the class stands
 * for, and its argument.
 *
 * Owns: nothing. Thread: the main one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_RUN_QUICK_QUICK_TOKENS_H
#define WSLUICE_RUN_QUICK_QUICK_TOKENS_H

#include "run/quick/quick_values.h"

/*
 * After the flags. Reports a class that does not exist: as with websockify no error of usage, so
 * that the exit status is CLI_STATUS_FAILED.
 */
void quick_tokens_set(struct quick *quick);

#endif
