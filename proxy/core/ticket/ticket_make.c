#include "core/ticket/ticket_make.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "base/text/json_put.h"
#include "codec/b64.h"

#define NUMBER_MAX (TICKET_KEY_RSA_MAX / 8)

/* ---- members of a JWK ---- */

struct member {
    const char *name, *param;
    bool is_private;
};

static const struct member rsa_members[] = {
    {"n", OSSL_PKEY_PARAM_RSA_N, false},
    {"e", OSSL_PKEY_PARAM_RSA_E, false},
    {"d", OSSL_PKEY_PARAM_RSA_D, true},
    {"p", OSSL_PKEY_PARAM_RSA_FACTOR1, true},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2, true},
    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, true},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, true},
    {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, true},
    {NULL, NULL, false},
};
static const struct member ec_members[] = {
    {"x", OSSL_PKEY_PARAM_EC_PUB_X, false},
    {"y", OSSL_PKEY_PARAM_EC_PUB_Y, false},
    {"d", OSSL_PKEY_PARAM_PRIV_KEY, true},
    {NULL, NULL, false},
};
static const struct member okp_members[] = {
    {"x", OSSL_PKEY_PARAM_PUB_KEY, false},
    {"d", OSSL_PKEY_PARAM_PRIV_KEY, true},
    {NULL, NULL, false},
};

static const struct member *members_of(const struct ticket_alg *alg)
{
    if (alg->family == TICKET_EC)
        return ec_members;
    return alg->family == TICKET_ED ? okp_members : rsa_members;
}

static const char *type_of(const struct ticket_alg *alg)
{
    if (alg->family == TICKET_EC)
        return "EC";
    return alg->family == TICKET_ED ? "OKP" : "RSA";
}

/* The bytes of a member; of a coordinate with its leading zeros. 0: it is not there. */
static size_t bytes_of(const struct ticket_key *key, const char *param, uint8_t *bytes)
{
    BIGNUM *number = NULL;
    size_t length = 0;
    if (key->alg->family == TICKET_ED) {
        bool got = strcmp(param, OSSL_PKEY_PARAM_PUB_KEY) == 0
                       ? EVP_PKEY_get_raw_public_key(key->pkey, bytes, &(size_t){NUMBER_MAX}) == 1
                       : EVP_PKEY_get_raw_private_key(key->pkey, bytes, &(size_t){NUMBER_MAX}) == 1;
        return got ? key->alg->size : 0;
    }
    if (EVP_PKEY_get_bn_param(key->pkey, param, &number) != 1)
        return 0;
    int size = key->alg->family == TICKET_EC ? key->alg->size : BN_num_bytes(number);
    if (size <= NUMBER_MAX && BN_bn2binpad(number, bytes, size) == size)
        length = (size_t)size;
    BN_clear_free(number);
    return length;
}

/* False: the key has no such member. */
static bool add_member(struct json *json, const struct ticket_key *key, const struct member *member)
{
    uint8_t bytes[NUMBER_MAX];
    char text[B64_URL_ENCODED(NUMBER_MAX) + 1];
    size_t length = bytes_of(key, member->param, bytes);
    text[b64_url_encode(text, bytes, length)] = '\0';
    if (length > 0) {
        json_put_key(json, member->name);
        json_put_string(json, text);
    }
    OPENSSL_cleanse(bytes, sizeof(bytes));
    OPENSSL_cleanse(text, sizeof(text));
    return length > 0;
}

static const struct member *member_called(const struct ticket_alg *alg, const char *name)
{
    const struct member *member = members_of(alg);
    while (member->name && strcmp(member->name, name) != 0)
        member++;
    return member->name ? member : NULL;
}

/* RFC 7638: the required members alone, by their names' order, without white space. */
static bool thumbprint(const struct ticket_key *key, char out[static 44])
{
    static const char *const names[] = {"crv", "e", "kty", "n", "x", "y"};
    struct json json = {0};
    uint8_t digest[EVP_MAX_MD_SIZE];
    size_t length;
    json_put_open(&json, '{');
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        const struct member *member = member_called(key->alg, names[i]);
        bool is_type = strcmp(names[i], "kty") == 0, is_curve = strcmp(names[i], "crv") == 0;
        if (is_type || (is_curve && key->alg->curve)) {
            json_put_key(&json, names[i]);
            json_put_string(&json, is_type ? type_of(key->alg) : key->alg->curve);
        } else if (member) {
            (void)add_member(&json, key, member);
        }
    }
    json_put_close(&json, '}');
    char *text = json_put_take(&json, &length);
    bool made = text && EVP_Digest(text, length, digest, NULL, EVP_sha256(), NULL) == 1;
    free(text);
    if (made)
        out[b64_url_encode(out, digest, 32)] = '\0';
    return made;
}

static void begin_jwk(struct json *json, const char *type, const struct ticket_alg *alg,
                      const char *kid)
{
    json_put_open(json, '{');
    json_put_key(json, "kty");
    json_put_string(json, type);
    json_put_key(json, "alg");
    json_put_string(json, alg->name);
    json_put_key(json, "use");
    json_put_string(json, "sig");
    if (kid) {
        json_put_key(json, "kid");
        json_put_string(json, kid);
    }
}

static bool add_pair(struct json *json, const struct ticket_key *key, const char *kid,
                     bool with_private)
{
    char own[44];
    bool whole = kid || key->kid || thumbprint(key, own);
    begin_jwk(json, type_of(key->alg), key->alg, kid ? kid : key->kid ? key->kid : own);
    if (key->alg->curve) {
        json_put_key(json, "crv");
        json_put_string(json, key->alg->curve);
    }
    for (const struct member *member = members_of(key->alg); member->name; member++)
        if (!member->is_private || with_private)
            whole = add_member(json, key, member) && whole;
    json_put_close(json, '}');
    return whole;
}

/* ---- texts ---- */

/* The document with a newline. */
static bool take_json(struct json *json, struct text *out)
{
    size_t length;
    char *bytes = json_put_take(json, &length);
    if (!bytes)
        return false;
    text_add(out, (struct slice){bytes, length});
    text_add_byte(out, '\n');
    OPENSSL_cleanse(bytes, length);
    free(bytes);
    return !out->failed;
}

static bool take_pem(const struct ticket_key *key, bool is_private, struct text *out)
{
    char *bytes;
    BIO *bio = BIO_new(BIO_s_secmem());
    bool made =
        bio && (is_private ? PEM_write_bio_PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL)
                           : PEM_write_bio_PUBKEY(bio, key->pkey)) == 1;
    long length = made ? BIO_get_mem_data(bio, &bytes) : 0;
    if (length > 0)
        text_add(out, (struct slice){bytes, (size_t)length});
    BIO_free(bio);
    return length > 0 && !out->failed;
}

/* ---- new keys ---- */

static bool make_secret(const struct ticket_alg *alg, bool jwk, const char *kid, struct text *out)
{
    uint8_t bytes[64];
    char text[B64_URL_ENCODED(64) + 1];
    struct json json = {0};
    bool made = alg->size <= sizeof(bytes) && RAND_priv_bytes(bytes, alg->size) == 1;
    if (made)
        text[b64_url_encode(text, bytes, alg->size)] = '\0';
    if (made && jwk) {
        begin_jwk(&json, "oct", alg, kid);
        json_put_key(&json, "k");
        json_put_string(&json, text);
        json_put_close(&json, '}');
        made = take_json(&json, out);
    } else if (made) {
        text_add_string(out, text);
        text_add_byte(out, '\n');
        made = !out->failed;
    }
    OPENSSL_cleanse(bytes, sizeof(bytes));
    OPENSSL_cleanse(text, sizeof(text));
    return made;
}

static EVP_PKEY *generate(const struct ticket_alg *alg)
{
    if (alg->family == TICKET_EC)
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", alg->group);
    if (alg->family == TICKET_ED)
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)TICKET_MAKE_RSA_BITS);
}

static bool make_pair(const struct ticket_alg *alg, bool jwk, const char *kid, struct text *out)
{
    struct ticket_key key = {.alg = alg, .pkey = generate(alg)};
    struct json json = {0};
    bool made = key.pkey != NULL;
    if (made && jwk) {
        made = add_pair(&json, &key, kid, true);
        made = take_json(&json, out) && made;
    } else if (made) {
        made = take_pem(&key, true, out);
    }
    ticket_key_free(&key);
    return made;
}

bool ticket_make_key(const struct ticket_alg *alg, bool jwk, const char *kid, struct text *out)
{
    ERR_set_mark();
    bool made = alg->family == TICKET_HMAC ? make_secret(alg, jwk, kid, out)
                                           : make_pair(alg, jwk, kid, out);
    ERR_pop_to_mark();
    return made;
}

/* ---- public parts ---- */

static bool make_set(const struct ticket_keys *keys, const char *kid, struct text *out)
{
    const struct ticket_key *key;
    struct json json = {0};
    bool whole = true;
    json_put_open(&json, '{');
    json_put_key(&json, "keys");
    json_put_open(&json, '[');
    for (size_t i = 0; (key = ticket_keys_at(keys, i)); i++)
        whole = add_pair(&json, key, kid, false) && whole;
    json_put_close(&json, ']');
    json_put_close(&json, '}');
    return take_json(&json, out) && whole;
}

bool ticket_make_public(const struct ticket_keys *keys, bool jwk, const char *kid, struct text *out,
                        char *error, size_t error_size)
{
    const struct ticket_key *key;
    for (size_t i = 0; (key = ticket_keys_at(keys, i)); i++) {
        if (key->pkey)
            continue;
        snprintf(error, error_size, "a secret has no public part: who verifies can sign, too");
        return false;
    }
    if (ticket_keys_count(keys) > 1 && (!jwk || kid)) {
        snprintf(error, error_size, "there are several keys; %s",
                 jwk ? "each has a kid of its own" : "ask for a JWK Set");
        return false;
    }
    snprintf(error, error_size, "OpenSSL does not write the key");
    ERR_set_mark();
    bool made = jwk ? make_set(keys, kid, out) : take_pem(ticket_keys_at(keys, 0), false, out);
    ERR_pop_to_mark();
    return made;
}
