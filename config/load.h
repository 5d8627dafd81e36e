/*
 * Loads a configuration file, and the files that it includes, into a snapshot. This is the only
 * module of config/ that reads files and the environment.
 *
 * Owns: nothing that outlives the call. Thread: any, while no other thread changes the environment.
 * Errors: NULL, and all findings, in the order of files and lines.
 * Lifetime: the caller releases the snapshot.
 */
#ifndef WSLUICE_CONFIG_LOAD_H
#define WSLUICE_CONFIG_LOAD_H

#include "config/model/config.h"
#include "config/model/diag.h"
#include "config/options/option_ref.h"

enum { LOAD_FILES_MAX = 1000 };

/* An option of the process, the log or the limits on the command line; it wins over the file. */
struct load_override {
    const struct options_row *row;
    const char *text; /* a valid value; paths are relative to the current directory */
};

struct load_request {
    const char *path;
    const struct load_override *overrides;
    size_t override_count;
    bool without_files; /* secrets in files of their own are not read; for a check of the syntax */
    /*
     * May add findings, once the rules are checked; NULL: nobody does. The snapshot is complete,
     * but it may have errors (option_ref_is_faulty).
     */
    void (*inspect)(void *owner, const struct config *config, const struct option_locator *names,
                    struct diag *diag);
    void *inspect_owner;
};

/* `diag` may hold warnings although there is a snapshot. */
const struct config *load_config(const struct load_request *request, struct diag *diag);

#endif
