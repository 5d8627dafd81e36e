/*
 * JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037): an oct, RSA, EC or OKP key becomes a key
 * for tickets, if its "use" and "key_ops" allow signatures.
 *
 * Its algorithm is its "alg". A key without one has that of its curve, or the one that the
 * configuration names; a key with another one than the configuration names is refused.
 *
 * Pure. Owns: nothing. Thread: any. Errors: false, and one line that holds nothing of the key.
 * Lifetime: none.
 */
#ifndef WSLUICE_CORE_TICKET_TICKET_JWK_H
#define WSLUICE_CORE_TICKET_TICKET_JWK_H

#include "codec/json_value.h"
#include "core/ticket/ticket_key.h"

#define TICKET_JWK_KID_MAX 256 /* bytes; a key with a longer one is refused */

/* `only`: the algorithm of the configuration; NULL: none. The caller frees *key in any case. */
WSL_MUST_CHECK bool ticket_jwk_read(struct ticket_key *key, const struct json_value *jwk,
                                    const struct ticket_alg *only, char *error, size_t error_size);

#endif
