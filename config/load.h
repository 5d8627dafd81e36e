/*
 * A configuration file, and all that it includes, to a snapshot. Reading those files, and the
 * environment, is the only contact of config/ with the world.
 *
 * Owns: nothing that outlives the call. Thread: any, but nobody else may change the environment
 * meanwhile. Errors: NULL, and findings: all of them, in the order of files and lines.
 * Lifetime: the caller releases the snapshot.
 */
#ifndef WSLUICE_CONFIG_LOAD_H
#define WSLUICE_CONFIG_LOAD_H

#include "config/model/config.h"
#include "config/model/diag.h"
#include "config/options/options.h"

enum { LOAD_FILES_MAX = 1000 };

/* An option of the process, the log or the limits that the command line has set: it wins. */
struct load_override {
    const struct options_row *row;
    const char *text; /* a good value; paths are relative to where the process is */
};

struct load_request {
    const char *path;
    const struct load_override *overrides;
    size_t override_count;
};

/* Warnings are findings as well, and may be there with a snapshot. */
const struct config *load_config(const struct load_request *request, struct diag *diag);

#endif
