/*
 * Verdicts on passwords that were hashed lately, so that a page with many requests costs one hash a
 * minute, and a client that repeats a wrong password costs none, and is one failure, not many.
 *
 * A verdict is kept under a keyed digest of user and password (HMAC-SHA-256, cut to 128 bits, with
 * a random key that exists only here): memory that leaks tells nothing about passwords. Right ones
 * and wrong ones have a table each, so that guesses do not push out the others. Both are emptied
 * when the users change.
 *
 * Pure except for calloc and the random key: time is a parameter. Owns: key and tables. Thread: one
 * at a time. Errors: NULL without memory or randomness; no digest without memory. Lifetime: until
 * verdicts_destroy, which wipes.
 */
#ifndef WSLUICE_CORE_AUTH_VERDICTS_H
#define WSLUICE_CORE_AUTH_VERDICTS_H

#include "core/auth/recent.h"

#define VERDICTS_RIGHT_MS 60000
#define VERDICTS_WRONG_MS 60000

enum verdict_kept { VERDICT_UNKNOWN, VERDICT_RIGHT, VERDICT_WRONG };

struct verdicts;

WSL_MUST_CHECK struct verdicts *verdicts_create(void);
void verdicts_destroy(struct verdicts *verdicts); /* NULL: nothing happens */
void verdicts_clear(struct verdicts *verdicts);

/* The digest depends on where the user ends. False: out of memory, nothing can be kept. */
WSL_MUST_CHECK bool verdicts_digest(const struct verdicts *verdicts, struct slice user,
                                    struct slice password, struct recent_digest *digest);

WSL_MUST_CHECK enum verdict_kept verdicts_find(struct verdicts *verdicts,
                                               const struct recent_digest *digest, uint64_t now);
void verdicts_keep(struct verdicts *verdicts, const struct recent_digest *digest, bool right,
                   uint64_t now);

#endif
