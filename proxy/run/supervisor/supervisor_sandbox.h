/*
 * The supervisor's sandbox, and the process that starts programs for it once it is in it.
 *
 * Owns: nothing; the supervisor does. Thread: the main one. Errors: false and one line.
 * Lifetime: the supervisor's.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_SUPERVISOR_SANDBOX_H
#define WSLUICE_RUN_SUPERVISOR_SUPERVISOR_SANDBOX_H

#include "run/supervisor/supervisor_priv.h"

/*
 * Decides on the sandbox and starts the starter, if it is needed. Before keys are read and the
 * listeners are open, which so are not in the starter, and once the command is created.
 */
WSL_MUST_CHECK bool supervisor_sandbox_prepare(struct supervisor *supervisor, char *error,
                                               size_t error_size);

/* Drops privileges, in both processes, and enters the sandbox. */
WSL_MUST_CHECK bool supervisor_sandbox_enter(struct supervisor *supervisor, char *error,
                                             size_t error_size);

void supervisor_sandbox_log(const struct supervisor *supervisor);

/* For reload.h: is a new configuration within the sandbox? */
bool supervisor_sandbox_admit(const void *owner, const struct config *config, struct diag *diag);

void supervisor_sandbox_close(struct supervisor *supervisor);

#endif
