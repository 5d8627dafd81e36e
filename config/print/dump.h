/*
 * Prints a snapshot as a file that loads to an equal one, with every option in effect. Lines that
 * end in "# default" may be left out.
 *
 * Secrets are not printed. One from a file or the environment is printed as a reference to it; one
 * in the configuration itself, as an environment variable named after the option's path.
 *
 * Owns: nothing. Thread: any. Errors: none; the owner of the stream checks it for errors.
 * Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_PRINT_DUMP_H
#define WSLUICE_CONFIG_PRINT_DUMP_H

#include <stdio.h>

#include "config/model/config.h"

void dump_config(const struct config *config, FILE *stream);

#endif
