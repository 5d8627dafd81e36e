/*
 * From the files that a configuration names to folders of this machine: follows links, and adds
 * what the C library and OpenSSL read (names of hosts and users, authorities, time zones, modules).
 *
 * A file that is replaced is another file to Landlock, so its folder is granted: the one that its
 * path names, and the one that a link leads to. A folder that holds more than one program's files
 * (sandbox_grants_is_wide) is not; then the file is granted alone, until it is replaced.
 *
 * Owns: nothing. Thread: any. Errors: a path that does not exist is granted by the nearest folder
 * above it; grants->failed. Lifetime: none.
 */
#ifndef WSLUICE_RUN_SANDBOX_SANDBOX_PATHS_H
#define WSLUICE_RUN_SANDBOX_SANDBOX_PATHS_H

#include "core/sandbox/sandbox_grants.h"
#include "core/sandbox/sandbox_plan.h"

/* What one file of a plan needs. */
void sandbox_paths_add_file(struct sandbox_grants *grants, const struct sandbox_file *file);

/* Is a file that is read granted alone, so that one that replaces it is out of reach? */
bool sandbox_paths_is_alone(const struct sandbox_grants *grants, const struct sandbox_file *file);

/* All files of the plan, and the system's. */
void sandbox_paths_add(struct sandbox_grants *grants, const struct sandbox_plan *plan);

#endif
