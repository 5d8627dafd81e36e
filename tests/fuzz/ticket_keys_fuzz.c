/*
 * The text of a source of keys: a JWK Set, a JWK, a PEM file or a secret. A key that is taken fits
 * its algorithm; what it signs, it verifies, and no other key of another algorithm does. The errors
 * quote nothing of the text.
 *
 * The first byte chooses the algorithm of the configuration, or websockify's form of the text.
 */
#include "core/ticket/ticket_keys.h"

#include <openssl/err.h>
#include <openssl/evp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(const struct ticket_key *key, const struct ticket_alg *only)
{
    wsl_assert(key->alg && (!only || key->alg == only));
    wsl_assert((key->mac != NULL) != (key->pkey != NULL));
    wsl_assert((key->mac != NULL) == (key->alg->family == TICKET_HMAC));
    wsl_assert(key->verifies || key->signs);
    wsl_assert(!key->kid || strlen(key->kid) <= TICKET_JWK_KID_MAX);
    if (key->alg->family == TICKET_RSA || key->alg->family == TICKET_PSS)
        wsl_assert(EVP_PKEY_get_bits(key->pkey) >= TICKET_KEY_RSA_MIN);
}

/* A private part need not belong to its public one: then nothing verifies, and nothing breaks. */
static void check_signature(const struct ticket_key *key)
{
    uint8_t signature[TICKET_KEY_SIGNATURE_MAX];
    size_t length = key->signs ? ticket_key_sign(key, SLICE("input"), signature) : 0;
    wsl_assert(length <= sizeof(signature));
    if (length == 0)
        return;
    bool verified = ticket_key_verify(key, SLICE("input"), signature, length);
    wsl_assert(verified || !key->verifies || key->pkey);
    wsl_assert(!ticket_key_verify(key, SLICE("other"), signature, length));
}

#define WEBSOCKIFY 0xFE

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[200] = "";
    size_t skipped = 0;
    if (size == 0)
        return 0;
    const struct ticket_alg *only = ticket_alg_at(data[0]);
    struct slice text = {(const char *)data + 1, size - 1};
    struct ticket_keys *keys = data[0] == WEBSOCKIFY
                                   ? ticket_keys_read_websockify(text, error, sizeof(error))
                                   : ticket_keys_read(text, only, &skipped, error, sizeof(error));
    wsl_assert(ERR_peek_error() == 0);
    wsl_assert(keys || *error);
    wsl_assert(!skipped || *error);
    for (const char *at = error; *at; at++)
        wsl_assert(*at >= ' ' && *at < 0x7F);
    if (!keys)
        return 0;
    wsl_assert(ticket_keys_count(keys) > 0 && ticket_keys_count(keys) <= TICKET_KEYS_MAX);
    for (size_t i = 0; i < ticket_keys_count(keys); i++) {
        check_key(ticket_keys_at(keys, i), only);
        check_signature(ticket_keys_at(keys, i));
    }
    ticket_keys_release(keys);
    wsl_assert(ERR_peek_error() == 0);
    return 0;
}
