/*
 * The options of a supervisor.
 *
 * Owns: nothing, all is borrowed. Thread: the main one. Errors: none. Lifetime: the supervisor's.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_SUPERVISOR_OPTIONS_H
#define WSLUICE_RUN_SUPERVISOR_SUPERVISOR_OPTIONS_H

#include "base/base.h"
#include "config/model/config.h"
#include "config/model/diag.h"
#include "run/command/rebind.h"
#include "run/process/program.h"

/* Reads the configuration again; NULL: findings. */
typedef const struct config *supervisor_load(const void *owner, struct diag *diag);

struct supervisor_options {
    const struct config *config;
    const struct program *program; /* started anew by SIGUSR2 */
    supervisor_load *load;         /* NULL: there is no file, a reload reads certificates only */
    const void *owner;
    const char *name;            /* that the program was called by, for syslog */
    const struct rebind *rebind; /* the command's port, if it has one */
    bool daemon;                 /* in the background: the command's output is discarded */
    bool announced;              /* the lines of the start are in the log already */
    bool demo;                   /* the target is in this process, which so cannot be handed over */
};

#endif
