/*
 * A snapshot as a file that loads to an equal one, with every option that is in effect. Lines that
 * end in "# default" say what holds without them as well.
 *
 * A secret is never written: what came from a file or from the environment is named as it was, and
 * for one that was written out, the environment is asked, under a name made of the option's path.
 *
 * Owns: nothing. Thread: any. Errors: none; a stream that fails is its owner's to notice.
 * Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_PRINT_DUMP_H
#define WSLUICE_CONFIG_PRINT_DUMP_H

#include <stdio.h>

#include "config/model/config.h"

void dump_config(const struct config *config, FILE *stream);

#endif
