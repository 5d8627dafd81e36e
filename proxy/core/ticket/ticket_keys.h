/*
 * The keys of one source: a secret, a PEM file, a JWK, or a JWK Set.
 *
 * The text tells which: JSON is a JWK or a set, "-----BEGIN" is PEM, all else is a secret, from
 * which one newline at the end is cut. A key of a set that cannot be used is skipped (RFC 7517
 * section 5), as long as one is left.
 *
 * Pure. Owns: the keys. Thread: made by one, then used by any; the count of references is atomic.
 * Errors: NULL, and one line that holds nothing of a key. Lifetime: counted.
 */
#ifndef WSLUICE_CORE_TICKET_TICKET_KEYS_H
#define WSLUICE_CORE_TICKET_TICKET_KEYS_H

#include "core/ticket/ticket_jwk.h"

#define TICKET_KEYS_MAX      64                   /* of a set */
#define TICKET_KEYS_TEXT_MAX ((size_t)256 * 1024) /* bytes of the source */

struct ticket_keys;

/*
 * `only`: the algorithm of the configuration. NULL: none, and a secret or a PEM file is refused, as
 * they name none. *skipped, of a set, is the number of keys that cannot be used, and `error` says
 * why the first one cannot.
 */
WSL_MUST_CHECK struct ticket_keys *ticket_keys_read(struct slice text,
                                                    const struct ticket_alg *only, size_t *skipped,
                                                    char *error, size_t error_size);

/*
 * As websockify's JWTTokenApi reads its file: a PEM file, or a secret in base64 (RFC 4648 section 4
 * or 5, with or without padding). The keys are for all algorithms of that type, none of which takes
 * a public key for a secret.
 */
WSL_MUST_CHECK struct ticket_keys *ticket_keys_read_websockify(struct slice text, char *error,
                                                               size_t error_size);

struct ticket_keys *ticket_keys_retain(struct ticket_keys *keys);
void ticket_keys_release(struct ticket_keys *keys); /* NULL is fine */

size_t ticket_keys_count(const struct ticket_keys *keys);
const struct ticket_key *ticket_keys_at(const struct ticket_keys *keys, size_t index);

/*
 * The next key for a token of this algorithm and kid: *cursor begins as 0. A key without a kid fits
 * any; a token without one (kid.ptr NULL) fits any key. NULL: no more.
 */
const struct ticket_key *ticket_keys_next(const struct ticket_keys *keys, size_t *cursor,
                                          const struct ticket_alg *alg, struct slice kid);

/* One of the keys, of any algorithm, fits this kid, as above. */
bool ticket_keys_has(const struct ticket_keys *keys, struct slice kid);

/* The first key that signs, of this kid if it is not NULL. NULL: none does. */
const struct ticket_key *ticket_keys_signer(const struct ticket_keys *keys, const char *kid);

#endif
