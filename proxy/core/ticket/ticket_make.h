/*
 * Makes keys for tickets, and writes them as the text of a file that ticket_keys reads: a secret in
 * letters and digits, PEM (PKCS #8 and SPKI), or a JWK. A JWK gets the kid that is given, else its
 * thumbprint (RFC 7638); that of a secret gets none, as its thumbprint would help guessing it.
 *
 * Pure but for OpenSSL's random numbers. Owns: nothing. Thread: any. Errors: NULL, and one line.
 * Lifetime: texts are the caller's, who wipes them with text_wipe.
 */
#ifndef WSLUICE_CORE_TICKET_TICKET_MAKE_H
#define WSLUICE_CORE_TICKET_TICKET_MAKE_H

#include "base/text/text.h"
#include "core/ticket/ticket_keys.h"

#define TICKET_MAKE_RSA_BITS 3072

/* `kid` NULL: see above; it counts for a JWK only. False: OpenSSL failed. */
WSL_MUST_CHECK bool ticket_make_key(const struct ticket_alg *alg, bool jwk, const char *kid,
                                    struct text *out);

/*
 * The public parts: in PEM that of the only key, else a JWK Set of all. False: one of them is a
 * secret, or there are several for PEM.
 */
WSL_MUST_CHECK bool ticket_make_public(const struct ticket_keys *keys, bool jwk, const char *kid,
                                       struct text *out, char *error, size_t error_size);

#endif
