/*
 * Passwords against hashes of crypt(3), and new hashes. A hash takes milliseconds to seconds, and
 * yescrypt megabytes, by its own parameters; users_file_hash bounds both.
 *
 * Not every crypt(3) knows every kind (musl's has no yescrypt), and some C libraries have none at
 * all: password_supports tells.
 *
 * Pure. Owns: nothing; copies of the password are wiped. Thread: any, but never a loop's. Errors:
 * verdicts. Lifetime: none.
 */
#ifndef WSLUICE_CORE_AUTH_PASSWORD_H
#define WSLUICE_CORE_AUTH_PASSWORD_H

#include "core/auth/users_file.h"

#define PASSWORD_MAX        511 /* bytes, without a NUL among them: the limit of crypt(3) */
#define PASSWORD_BCRYPT_MAX 72  /* bcrypt ignores what is behind */
#define PASSWORD_RANDOM     22  /* bytes for a salt */

enum password_verdict {
    PASSWORD_RIGHT,
    PASSWORD_WRONG,
    PASSWORD_FAILED, /* it could not be tried, for lack of memory */
};

/* `hash` is one that users_file_hash accepts. Compares in constant time. */
WSL_MUST_CHECK enum password_verdict password_verify(struct slice password, struct slice hash);

/* This C library can hash so. Costs one cheap hash. */
bool password_supports(enum users_hash kind);

/* With a new salt of random bytes. False: the password is too long, not supported, or no memory. */
WSL_MUST_CHECK bool password_hash(struct slice password, enum users_hash kind,
                                  const uint8_t random[static PASSWORD_RANDOM],
                                  char hash[static USERS_HASH_MAX + 1]);

#endif
