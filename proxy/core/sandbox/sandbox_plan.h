/*
 * What a configuration names: files, by what the process does with them, and TCP ports. The option
 * table says which options these are, so that a new option is in the plan by its row.
 *
 * Owns: the lists; borrows all texts of the configuration. Thread: one. Errors: `failed`: memory
 * was out. Pure. Lifetime: sandbox_plan_make to sandbox_plan_free, within the configuration's.
 */
#ifndef WSLUICE_CORE_SANDBOX_SANDBOX_PLAN_H
#define WSLUICE_CORE_SANDBOX_SANDBOX_PLAN_H

#include "base/base.h"
#include "config/model/config.h"
#include "config/options/options.h"

struct sandbox_file {
    const char *path; /* absolute */
    enum options_use use;
    bool only_within;              /* links that lead out of this folder are not followed */
    const struct options_row *row; /* NULL: a file of the configuration itself */
};

struct sandbox_ports {
    uint16_t *items; /* ascending, each once */
    size_t count;
    bool any; /* more ports may come: they are not known */
};

struct sandbox_plan {
    struct sandbox_file *files;
    size_t file_count;
    struct sandbox_ports connect, bind;
    bool reloads;      /* there is a file, and it may name other ports later */
    bool any_abstract; /* connects to abstract Unix sockets, or may do so */
    bool command;      /* a program runs beside the process, whose children it looks at */
    bool failed;
};

void sandbox_plan_make(struct sandbox_plan *plan, const struct config *config);
void sandbox_plan_free(struct sandbox_plan *plan);

/* Has `ports` all of `wanted`? False: *missing is one that it lacks, 0: any. */
bool sandbox_plan_ports_cover(const struct sandbox_ports *ports, const struct sandbox_ports *wanted,
                              uint16_t *missing);

#endif
