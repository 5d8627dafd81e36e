#include "core/ticket/ticket_jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "codec/b64.h"

#define MEMBER_MAX     (TICKET_KEY_RSA_MAX / 8 + 1) /* bytes of a number */
#define COORDINATE_MAX 66
#define BIGNUMS        8

struct jwk {
    const struct json_value *json;
    const struct ticket_alg *only;
    char *error;
    size_t error_size;
};

static bool refuse(const struct jwk *jwk, const char *why, const char *what)
{
    snprintf(jwk->error, jwk->error_size, "%s%s", why, what);
    return false;
}

/* False: the member is there, and is no text. */
static bool optional_text(const struct jwk *jwk, const char *name, struct slice *text)
{
    const struct json_value *member = json_value_member(jwk->json, name);
    *text = (struct slice){0};
    return !member || json_value_text(member, text) || refuse(jwk, name, " is no text");
}

/* -1: it is not there, is no base64url, or is longer than `capacity`. */
static long bytes_of(const struct jwk *jwk, const char *name, uint8_t *out, size_t capacity)
{
    struct slice text;
    if (!json_value_text(json_value_member(jwk->json, name), &text))
        return -1;
    return b64_url_decode(out, capacity, text);
}

/* ---- what the key is for ---- */

static bool has_operation(const struct json_value *operations, struct slice wanted)
{
    struct slice text;
    for (size_t i = 0; i < json_value_count(operations); i++)
        if (json_value_text(json_value_at(operations, i), &text) && slice_equal(text, wanted))
            return true;
    return false;
}

static bool check_use(const struct jwk *jwk)
{
    struct slice use;
    if (!optional_text(jwk, "use", &use))
        return false;
    return !use.ptr || slice_equal(use, SLICE("sig")) || refuse(jwk, "its use is not \"sig\"", "");
}

static bool read_operations(const struct jwk *jwk, struct ticket_key *key)
{
    const struct json_value *operations = json_value_member(jwk->json, "key_ops");
    if (!operations)
        return true;
    if (json_value_type(operations) != JSON_VALUE_ARRAY)
        return refuse(jwk, "key_ops is no list", "");
    key->verifies = key->verifies && has_operation(operations, SLICE("verify"));
    key->signs = key->signs && has_operation(operations, SLICE("sign"));
    return key->verifies || key->signs || refuse(jwk, "key_ops allows no signatures", "");
}

static bool read_alg(const struct jwk *jwk, const struct ticket_alg *standard,
                     const struct ticket_alg **alg)
{
    struct slice name;
    if (!optional_text(jwk, "alg", &name))
        return false;
    *alg = name.ptr ? ticket_alg_find(name) : standard ? standard : jwk->only;
    if (!*alg)
        return name.ptr
                   ? refuse(jwk, "its alg is not supported", "")
                   : refuse(jwk, "it names no alg; name the algorithm in the configuration", "");
    if (jwk->only && *alg != jwk->only)
        return refuse(jwk, "its algorithm is not ", jwk->only->name);
    return true;
}

static bool read_kid(const struct jwk *jwk, struct ticket_key *key)
{
    struct slice kid;
    if (!optional_text(jwk, "kid", &kid))
        return false;
    if (!kid.ptr)
        return true;
    if (kid.len > TICKET_JWK_KID_MAX)
        return refuse(jwk, "its kid is too long", "");
    key->kid = slice_copy(kid);
    return key->kid || refuse(jwk, "out of memory", "");
}

/* ---- types ---- */

static bool read_oct(const struct jwk *jwk, struct ticket_key *key)
{
    uint8_t secret[TICKET_KEY_SECRET_MAX];
    const struct ticket_alg *alg;
    if (!read_alg(jwk, NULL, &alg))
        return false;
    if (alg->family != TICKET_HMAC)
        return refuse(jwk, "a secret cannot be for ", alg->name);
    long length = bytes_of(jwk, "k", secret, sizeof(secret));
    bool made =
        length < 0
            ? refuse(jwk, "k is missing, too long, or not base64url", "")
            : ticket_key_from_secret(key, alg, (struct slice){(const char *)secret, (size_t)length},
                                     jwk->error, jwk->error_size);
    OPENSSL_cleanse(secret, sizeof(secret));
    return made;
}

/* Parameters of OpenSSL, and what they borrow. */
struct builder {
    OSSL_PARAM_BLD *params;
    BIGNUM *numbers[BIGNUMS];
    size_t count;
    uint8_t point[1 + 2 * COORDINATE_MAX]; /* of a public key */
    uint8_t private_key[32];               /* Ed25519's */
};

/* A member as a number. */
static bool add_number(const struct jwk *jwk, struct builder *builder, const char *name,
                       const char *param)
{
    uint8_t bytes[MEMBER_MAX];
    long length = bytes_of(jwk, name, bytes, sizeof(bytes));
    if (length <= 0)
        return refuse(jwk, name, " is missing, too long, or not base64url");
    BIGNUM *number = BN_secure_new();
    if (number && !BN_bin2bn(bytes, (int)length, number)) {
        BN_clear_free(number);
        number = NULL;
    }
    OPENSSL_cleanse(bytes, sizeof(bytes));
    if (!number)
        return refuse(jwk, "out of memory", "");
    builder->numbers[builder->count++] = number;
    return OSSL_PARAM_BLD_push_BN(builder->params, param, number) == 1 ||
           refuse(jwk, "out of memory", "");
}

static EVP_PKEY *build(const struct jwk *jwk, struct builder *builder, const char *type,
                       int selection)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder->params);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!params || !context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, selection, params) != 1) {
        (void)refuse(jwk, "OpenSSL takes its numbers for no key", "");
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    return pkey;
}

typedef bool add_fn(const struct jwk *jwk, struct builder *builder, const struct ticket_alg *alg,
                    bool is_private);

/* Collects the parameters by `add`, and makes the key of them. */
static bool make_pair(const struct jwk *jwk, struct ticket_key *key, const struct ticket_alg *alg,
                      const char *type, add_fn *add)
{
    struct builder builder = {.params = OSSL_PARAM_BLD_new()};
    bool is_private = json_value_member(jwk->json, "d") != NULL;
    EVP_PKEY *pkey = NULL;
    if (!builder.params)
        return refuse(jwk, "out of memory", "");
    if (add(jwk, &builder, alg, is_private))
        pkey = build(jwk, &builder, type, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
    OSSL_PARAM_BLD_free(builder.params);
    for (size_t i = 0; i < builder.count; i++)
        BN_clear_free(builder.numbers[i]);
    OPENSSL_cleanse(builder.private_key, sizeof(builder.private_key));
    return pkey && ticket_key_from_pkey(key, alg, pkey, is_private, jwk->error, jwk->error_size);
}

static bool add_rsa(const struct jwk *jwk, struct builder *builder, const struct ticket_alg *alg,
                    bool is_private)
{
    static const struct {
        const char *name, *param;
    } rows[] = {
        {"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
        {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
        {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
        {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
    };
    _Static_assert(WSL_COUNT(rows) <= BIGNUMS, "room for all numbers");
    /* RFC 7518 section 6.3.2: d alone, or all but "oth". */
    size_t count = !is_private ? 2 : json_value_member(jwk->json, "p") ? WSL_COUNT(rows) : 3;
    if (json_value_member(jwk->json, "oth"))
        return refuse(jwk, "an RSA key of more than two primes is not supported", "");
    for (size_t i = 0; i < count; i++)
        if (!add_number(jwk, builder, rows[i].name, rows[i].param))
            return false;
    return true;
}

static bool read_rsa(const struct jwk *jwk, struct ticket_key *key)
{
    const struct ticket_alg *alg;
    if (!read_alg(jwk, NULL, &alg))
        return false;
    if (alg->family != TICKET_RSA && alg->family != TICKET_PSS)
        return refuse(jwk, "an RSA key cannot be for ", alg->name);
    return make_pair(jwk, key, alg, "RSA", add_rsa);
}

/* One coordinate, as long as the curve needs. Zeros at its begin may be missing: RFC 7518 section
 * 6.2.1.2 wants them, but there are providers whose library leaves them out, for one key in 128. */
static bool read_coordinate(const struct jwk *jwk, const char *name, uint8_t *out, size_t size)
{
    long length = bytes_of(jwk, name, out, size);
    if (length <= 0)
        return refuse(jwk, name, " is missing, longer than the curve needs, or not base64url");
    size_t zeros = size - (size_t)length;
    memmove(out + zeros, out, (size_t)length);
    memset(out, 0, zeros);
    return true;
}

static bool add_ec(const struct jwk *jwk, struct builder *builder, const struct ticket_alg *alg,
                   bool is_private)
{
    uint8_t *point = builder->point;
    size_t size = alg->size;
    point[0] = 4; /* uncompressed */
    if (!read_coordinate(jwk, "x", point + 1, size) ||
        !read_coordinate(jwk, "y", point + 1 + size, size))
        return false;
    if (OSSL_PARAM_BLD_push_utf8_string(builder->params, OSSL_PKEY_PARAM_GROUP_NAME, alg->group,
                                        0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder->params, OSSL_PKEY_PARAM_PUB_KEY, point,
                                         1 + 2 * size) != 1)
        return refuse(jwk, "out of memory", "");
    return !is_private || add_number(jwk, builder, "d", OSSL_PKEY_PARAM_PRIV_KEY);
}

static bool add_okp(const struct jwk *jwk, struct builder *builder, const struct ticket_alg *alg,
                    bool is_private)
{
    size_t size = alg->size;
    if (bytes_of(jwk, "x", builder->point, size) != (long)size)
        return refuse(jwk, "x is missing, or has not 32 bytes", "");
    if (OSSL_PARAM_BLD_push_octet_string(builder->params, OSSL_PKEY_PARAM_PUB_KEY, builder->point,
                                         size) != 1)
        return refuse(jwk, "out of memory", "");
    if (!is_private)
        return true;
    if (bytes_of(jwk, "d", builder->private_key, size) != (long)size)
        return refuse(jwk, "d has not 32 bytes", "");
    return OSSL_PARAM_BLD_push_octet_string(builder->params, OSSL_PKEY_PARAM_PRIV_KEY,
                                            builder->private_key, size) == 1 ||
           refuse(jwk, "out of memory", "");
}

static bool read_curve(const struct jwk *jwk, struct ticket_key *key, enum ticket_family family)
{
    struct slice name;
    const struct ticket_alg *alg, *standard;
    if (!optional_text(jwk, "crv", &name))
        return false;
    standard = ticket_alg_of_curve(name);
    if (!standard || standard->family != family)
        return refuse(jwk, "its crv is missing or not supported", "");
    if (!read_alg(jwk, standard, &alg))
        return false;
    if (alg != standard)
        return refuse(jwk, "its crv cannot be for ", alg->name);
    return family == TICKET_EC ? make_pair(jwk, key, alg, "EC", add_ec)
                               : make_pair(jwk, key, alg, "ED25519", add_okp);
}

static bool read_type(const struct jwk *jwk, struct ticket_key *key)
{
    struct slice type;
    if (!optional_text(jwk, "kty", &type))
        return false;
    if (slice_equal(type, SLICE("oct")))
        return read_oct(jwk, key);
    if (slice_equal(type, SLICE("RSA")))
        return read_rsa(jwk, key);
    if (slice_equal(type, SLICE("EC")))
        return read_curve(jwk, key, TICKET_EC);
    if (slice_equal(type, SLICE("OKP")))
        return read_curve(jwk, key, TICKET_ED);
    return refuse(jwk, "its kty is missing or not supported", "");
}

bool ticket_jwk_read(struct ticket_key *key, const struct json_value *json,
                     const struct ticket_alg *only, char *error, size_t error_size)
{
    const struct jwk jwk = {json, only, error, error_size};
    *key = (struct ticket_key){0};
    if (json_value_type(json) != JSON_VALUE_OBJECT)
        return refuse(&jwk, "it is no object", "");
    ERR_set_mark();
    bool read = check_use(&jwk) && read_type(&jwk, key) && read_operations(&jwk, key) &&
                read_kid(&jwk, key);
    ERR_pop_to_mark();
    return read;
}
