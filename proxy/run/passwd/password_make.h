/*
 * A new hash with the system's random numbers.
 *
 * Owns: nothing. Thread: any, but no loop's. Errors: false: no random numbers, or as password_hash.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_PASSWD_PASSWORD_MAKE_H
#define WSLUICE_RUN_PASSWD_PASSWORD_MAKE_H

#include "core/auth/password.h"

WSL_MUST_CHECK bool password_make_hash(struct slice password, enum users_hash kind,
                                       char hash[static USERS_HASH_MAX + 1]);

#endif
