/*
 * Drops privileges, once everything that needs them is open.
 *
 * Owns: nothing. Thread: the main one, before others start. Errors: false and one line; the
 * process must then end. Lifetime: for good.
 */
#ifndef WSLUICE_RUN_PROCESS_PRIVILEGE_H
#define WSLUICE_RUN_PROCESS_PRIVILEGE_H

#include "base/base.h"

/*
 * Becomes the user and the group; NULL: keeps them. A user without a group also sets the user's
 * primary and supplementary groups. Programs executed later cannot regain privileges
 * (no_new_privs), also if both are NULL.
 */
WSL_MUST_CHECK bool privilege_drop(const char *user, const char *group, char *error,
                                   size_t error_size);

#endif
