/*
 * Users and groups of this machine, by name or number.
 *
 * Owns: nothing. Thread: any. Errors: false and one line. Lifetime: none.
 */
#ifndef WSLUICE_BASE_IDENTITY_H
#define WSLUICE_BASE_IDENTITY_H

#include <sys/types.h>

#include "base/base.h"

/* `gid` is the user's primary group. */
WSL_MUST_CHECK bool identity_user(const char *name, uid_t *uid, gid_t *gid, char *error,
                                  size_t error_size);
WSL_MUST_CHECK bool identity_group(const char *name, gid_t *gid, char *error, size_t error_size);

/* The name of a user; empty: there is none of this number, or it does not fit. */
void identity_name(uid_t uid, char *name, size_t size);

#endif
