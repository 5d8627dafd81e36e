/*
 * Opens the log as the configuration says, at start and after a reload, and logs what an
 * administrator should know of the configuration in use.
 *
 * Owns: nothing. Thread: the main one. Errors: false and one line; the log stays as it was.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_LOGGING_H
#define WSLUICE_RUN_SUPERVISOR_LOGGING_H

#include "base/text/text.h"
#include "serve/site/site.h"

/* `name` is the program's in syslog. A new file is given to the user that the process becomes, so
 * that it can be opened again. */
WSL_MUST_CHECK bool logging_open(const struct config *config, const char *name, char *error,
                                 size_t error_size);

/*
 * A line for each certificate that has expired, will soon, or is not valid yet, if it is due
 * (tls_expiry.h). `notes` gets the line of each, for a verdict; NULL: only the log.
 */
void logging_certificates(const struct site *site, struct text *notes);

/* A line for each changed option that holds only after a restart; `notes` as above. */
void logging_restarts(const struct config *before, const struct config *after, struct text *notes);

/* One line: version, URL, target, folder and file. */
void logging_started(const struct site *site);

/* Logs the URL of the demo's page. */
void logging_demo(const struct site *site);

#endif
