#include "core/ticket/ticket_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define DER_MAX      144 /* two INTEGERs of 67 bytes, with their heads and that of the SEQUENCE */
#define EXPONENT_MAX 64  /* bits of e: a huge one makes verification slow */

static const unsigned char *bytes_of(struct slice text)
{
    return (const unsigned char *)text.ptr;
}

/* ---- secrets ---- */

bool ticket_key_from_secret(struct ticket_key *key, const struct ticket_alg *alg,
                            struct slice secret, char *error, size_t error_size)
{
    *key = (struct ticket_key){.alg = alg, .verifies = true, .signs = true};
    if (secret.len < alg->size || secret.len > TICKET_KEY_SECRET_MAX) {
        snprintf(error, error_size,
                 "the secret has %zu bytes; %s needs at least %d, and at most %d", secret.len,
                 alg->name, alg->size, TICKET_KEY_SECRET_MAX);
        return false;
    }
    ERR_set_mark();
    char digest[16];
    snprintf(digest, sizeof(digest), "%s", alg->digest);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    key->mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac);
    bool made = key->mac && EVP_MAC_init(key->mac, bytes_of(secret), secret.len, params) == 1;
    if (!made)
        snprintf(error, error_size, "OpenSSL does not make an HMAC with %s", alg->digest);
    ERR_pop_to_mark();
    return made;
}

static size_t mac_of(const struct ticket_key *key, struct slice input, unsigned char *out)
{
    size_t length = 0;
    EVP_MAC_CTX *mac = EVP_MAC_CTX_dup(key->mac);
    if (!mac || EVP_MAC_update(mac, bytes_of(input), input.len) != 1 ||
        EVP_MAC_final(mac, out, &length, EVP_MAX_MD_SIZE) != 1)
        length = 0;
    EVP_MAC_CTX_free(mac);
    return length;
}

static bool verify_mac(const struct ticket_key *key, struct slice input, const uint8_t *signature,
                       size_t length)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    size_t wanted = mac_of(key, input, mac);
    bool same = wanted > 0 && wanted == length && CRYPTO_memcmp(mac, signature, length) == 0;
    OPENSSL_cleanse(mac, sizeof(mac));
    return same;
}

/* ---- keys in pairs ---- */

static bool is_rsa(const struct ticket_alg *alg)
{
    return alg->family == TICKET_RSA || alg->family == TICKET_PSS;
}

static bool is_of_type(const EVP_PKEY *pkey, const struct ticket_alg *alg)
{
    char group[32];
    switch (alg->family) {
    case TICKET_HMAC:
        return false;
    case TICKET_RSA:
        return EVP_PKEY_is_a(pkey, "RSA");
    case TICKET_PSS:
        return EVP_PKEY_is_a(pkey, "RSA") || EVP_PKEY_is_a(pkey, "RSA-PSS");
    case TICKET_EC:
        return EVP_PKEY_is_a(pkey, "EC") &&
               EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) == 1 &&
               strcmp(group, alg->group) == 0;
    case TICKET_ED:
        return EVP_PKEY_is_a(pkey, "ED25519");
    }
    return false;
}

static bool has_good_exponent(const EVP_PKEY *pkey)
{
    BIGNUM *e = NULL;
    bool good = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(e) &&
                !BN_is_one(e) && BN_num_bits(e) <= EXPONENT_MAX;
    BN_free(e);
    return good;
}

/* On the curve, no point of a small order, and the like. */
static bool is_sound(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool sound = context && EVP_PKEY_public_check_quick(context) == 1;
    EVP_PKEY_CTX_free(context);
    return sound;
}

static bool check(EVP_PKEY *pkey, const struct ticket_alg *alg, char *error, size_t error_size)
{
    int bits = EVP_PKEY_get_bits(pkey);
    if (!is_of_type(pkey, alg))
        snprintf(error, error_size, "the key is of another type than %s needs", alg->name);
    else if (is_rsa(alg) && (bits < TICKET_KEY_RSA_MIN || bits > TICKET_KEY_RSA_MAX))
        snprintf(error, error_size, "the RSA key has %d bits; it needs at least %d, and at most %d",
                 bits, TICKET_KEY_RSA_MIN, TICKET_KEY_RSA_MAX);
    else if (is_rsa(alg) && !has_good_exponent(pkey))
        snprintf(error, error_size, "the public exponent of the RSA key is even, 1 or too large");
    else if (alg->family != TICKET_ED && !is_sound(pkey))
        snprintf(error, error_size, "the public key is not valid");
    else
        return true;
    return false;
}

bool ticket_key_from_pkey(struct ticket_key *key, const struct ticket_alg *alg, EVP_PKEY *pkey,
                          bool is_private, char *error, size_t error_size)
{
    *key = (struct ticket_key){.alg = alg, .pkey = pkey, .verifies = true, .signs = is_private};
    ERR_set_mark();
    bool good = check(pkey, alg, error, error_size);
    ERR_pop_to_mark();
    return good;
}

/* OpenSSL would ask on the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *data)
{
    return -1;
}

static EVP_PKEY *read_public(BIO *bio)
{
    EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    if (pkey || BIO_reset(bio) != 1)
        return pkey;
    X509 *certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    pkey = certificate ? X509_get_pubkey(certificate) : NULL;
    X509_free(certificate);
    return pkey;
}

bool ticket_key_from_pem(struct ticket_key *key, const struct ticket_alg *alg, struct slice pem,
                         char *error, size_t error_size)
{
    *key = (struct ticket_key){.alg = alg};
    if (alg->family == TICKET_HMAC) {
        snprintf(error, error_size, "a key in PEM format is no secret, which %s needs", alg->name);
        return false;
    }
    ERR_set_mark();
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    bool is_private = pkey != NULL;
    if (!pkey && bio && BIO_reset(bio) == 1)
        pkey = read_public(bio);
    BIO_free(bio);
    ERR_pop_to_mark();
    if (pkey)
        return ticket_key_from_pkey(key, alg, pkey, is_private, error, error_size);
    snprintf(error, error_size,
             "no public key, certificate or private key without a passphrase in PEM format");
    return false;
}

void ticket_key_free(struct ticket_key *key)
{
    EVP_PKEY_free(key->pkey);
    EVP_MAC_CTX_free(key->mac);
    free(key->kid);
    *key = (struct ticket_key){0};
}

/* ---- ECDSA's two numbers ---- */

/* As OpenSSL wants them. 0: wrong length, or out of memory. */
static size_t to_der(const struct ticket_alg *alg, const uint8_t *raw, size_t length,
                     unsigned char der[static DER_MAX])
{
    size_t written = 0;
    if (length != 2 * (size_t)alg->size)
        return 0;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, alg->size, NULL), *s = BN_bin2bn(raw + alg->size, alg->size, NULL);
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL;
        int size = i2d_ECDSA_SIG(pair, NULL);
        if (size > 0 && size <= DER_MAX && i2d_ECDSA_SIG(pair, &der) == size)
            written = (size_t)size;
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return written;
}

static size_t from_der(const struct ticket_alg *alg, const unsigned char *der, size_t length,
                       uint8_t *raw)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)length);
    bool written = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, alg->size) == alg->size &&
                   BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + alg->size, alg->size) == alg->size;
    ECDSA_SIG_free(pair);
    return written ? 2 * (size_t)alg->size : 0;
}

/* ---- signatures ---- */

static bool set_padding(const struct ticket_alg *alg, EVP_PKEY_CTX *context)
{
    return alg->family != TICKET_PSS ||
           (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool verify_pair(const struct ticket_key *key, struct slice input, const uint8_t *signature,
                        size_t length)
{
    unsigned char der[DER_MAX];
    EVP_PKEY_CTX *of = NULL;
    if (key->alg->family == TICKET_EC) {
        length = to_der(key->alg, signature, length, der);
        signature = der;
    }
    if (length == 0)
        return false;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool valid =
        context &&
        EVP_DigestVerifyInit_ex(context, &of, key->alg->digest, NULL, NULL, key->pkey, NULL) == 1 &&
        set_padding(key->alg, of) &&
        EVP_DigestVerify(context, signature, length, bytes_of(input), input.len) == 1;
    EVP_MD_CTX_free(context);
    return valid;
}

bool ticket_key_verify(const struct ticket_key *key, struct slice input, const uint8_t *signature,
                       size_t length)
{
    ERR_set_mark();
    bool valid = key->verifies && (key->mac ? verify_mac(key, input, signature, length)
                                            : verify_pair(key, input, signature, length));
    ERR_pop_to_mark();
    return valid;
}

static size_t sign_pair(const struct ticket_key *key, struct slice input, uint8_t *signature)
{
    EVP_PKEY_CTX *of = NULL;
    size_t length = TICKET_KEY_SIGNATURE_MAX;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool made =
        context &&
        EVP_DigestSignInit_ex(context, &of, key->alg->digest, NULL, NULL, key->pkey, NULL) == 1 &&
        set_padding(key->alg, of) &&
        EVP_DigestSign(context, signature, &length, bytes_of(input), input.len) == 1;
    EVP_MD_CTX_free(context);
    if (!made || key->alg->family != TICKET_EC)
        return made ? length : 0;
    unsigned char der[DER_MAX];
    if (length > sizeof(der))
        return 0;
    memcpy(der, signature, length);
    return from_der(key->alg, der, length, signature);
}

size_t ticket_key_sign(const struct ticket_key *key, struct slice input,
                       uint8_t signature[static TICKET_KEY_SIGNATURE_MAX])
{
    ERR_set_mark();
    size_t length = key->mac ? mac_of(key, input, signature) : sign_pair(key, input, signature);
    ERR_pop_to_mark();
    return length;
}
