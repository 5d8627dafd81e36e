/*
 * Becoming somebody with fewer rights, once everything that needs them is open.
 *
 * Owns: nothing. Thread: the main one, before others start. Errors: false and one line; the process
 * must then not go on. Lifetime: for good.
 */
#ifndef WSLUICE_RUN_PROCESS_PRIVILEGE_H
#define WSLUICE_RUN_PROCESS_PRIVILEGE_H

#include "base/base.h"

/*
 * NULL: stay. A user without a group brings his own and his supplementary ones. Nothing that is
 * executed later can regain rights (no_new_privs), also when nobody is named.
 */
WSL_MUST_CHECK bool privilege_drop(const char *user, const char *group, char *error,
                                   size_t error_size);

#endif
