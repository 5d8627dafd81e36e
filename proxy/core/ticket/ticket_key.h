/*
 * A key that verifies tickets, and signs them if its private part is there. Its algorithm belongs
 * to it: a token cannot choose another one, so a public key never serves as a secret of HMAC.
 *
 * Keys that are too weak are refused: RSA below 2048 bits, a secret shorter than the digest (RFC
 * 7518 section 3.2), a curve that is not the algorithm's.
 *
 * Pure. Owns: the key. Thread: made by one, then used by any. Errors: false, and one line that
 * holds nothing of the key; OpenSSL's error queue stays as it was. Lifetime: ticket_key_free wipes
 * it.
 */
#ifndef WSLUICE_CORE_TICKET_TICKET_KEY_H
#define WSLUICE_CORE_TICKET_TICKET_KEY_H

#include <openssl/types.h>

#include "core/ticket/ticket_alg.h"

#define TICKET_KEY_RSA_MIN       2048 /* bits */
#define TICKET_KEY_RSA_MAX       8192 /* a verification takes as long as ten with 2048 */
#define TICKET_KEY_SECRET_MAX    4096 /* bytes */
#define TICKET_KEY_SIGNATURE_MAX (TICKET_KEY_RSA_MAX / 8)

struct ticket_key {
    const struct ticket_alg *alg;
    char *kid;        /* owned; NULL: none */
    EVP_PKEY *pkey;   /* NULL: a secret */
    EVP_MAC_CTX *mac; /* with the secret; each use copies it */
    bool verifies, signs;
};

WSL_MUST_CHECK bool ticket_key_from_secret(struct ticket_key *key, const struct ticket_alg *alg,
                                           struct slice secret, char *error, size_t error_size);

/* A public key, a certificate, or a private key without a passphrase. */
WSL_MUST_CHECK bool ticket_key_from_pem(struct ticket_key *key, const struct ticket_alg *alg,
                                        struct slice pem, char *error, size_t error_size);

/* Takes `pkey` over, after a failure as well. `is_private`: its private part is there. */
WSL_MUST_CHECK bool ticket_key_from_pkey(struct ticket_key *key, const struct ticket_alg *alg,
                                         EVP_PKEY *pkey, bool is_private, char *error,
                                         size_t error_size);

void ticket_key_free(struct ticket_key *key);

/* A signature as a JWS has it: of ECDSA r and s, each with all of its leading zeros. */
WSL_MUST_CHECK bool ticket_key_verify(const struct ticket_key *key, struct slice input,
                                      const uint8_t *signature, size_t length);

/* `key` signs. 0: OpenSSL failed. */
WSL_MUST_CHECK size_t ticket_key_sign(const struct ticket_key *key, struct slice input,
                                      uint8_t signature[static TICKET_KEY_SIGNATURE_MAX]);

#endif
