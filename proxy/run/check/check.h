/*
 * `wsluice check`: looks at the files of a configuration while it is loaded, so that its findings
 * stand among those of the file, each with its line.
 *
 * First as the user that runs the check, which is to be the one that starts the process; then, if
 * that is root, as the user that the process becomes.
 *
 * Owns: nothing. Thread: the main one, before others start: it changes the user for a while.
 * Errors: findings. Lifetime: one call.
 */
#ifndef WSLUICE_RUN_CHECK_CHECK_H
#define WSLUICE_RUN_CHECK_CHECK_H

#include <stdio.h>

#include "config/load.h"

struct check_options {
    bool connects; /* to each target, if the file has no errors of its own */
    FILE *out;     /* a line for each thing that is good */
};

/* For load_request.inspect; the owner is a struct check_options. */
void check_inspect(void *owner, const struct config *config, const struct option_locator *names,
                   struct diag *diag);

#endif
