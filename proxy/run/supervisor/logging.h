/*
 * From the configuration to the log: opening it at the start and after a reload, and what an
 * administrator should know of a configuration that is in use.
 *
 * Owns: nothing. Thread: the main one. Errors: false and one line; the log is as it was.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_LOGGING_H
#define WSLUICE_RUN_SUPERVISOR_LOGGING_H

#include "serve/site/site.h"

/* A file that has to be made belongs to the user that the process becomes, who may open it again.
 */
WSL_MUST_CHECK bool logging_open(const struct config *config, char *error, size_t error_size);

/* A line for each certificate that has expired, will soon, or is not valid yet. */
void logging_certificates(const struct site *site);

/* A line for each changed option that holds only after a restart. */
void logging_restarts(const struct config *before, const struct config *after);

/* Where the demo's page is. */
void logging_demo(const struct site *site);

#endif
