#include "core/ticket/ticket_jwk.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/ticket_lab.h"

static char error[200];

/* NULL: it is read. */
static const char *fault_of(const char *text, const char *only, struct ticket_key *key)
{
    const char *fault = NULL;
    struct json_value *json = json_value_parse(slice_of(text), JSON_VALUE_DEPTH, &fault);
    const struct ticket_alg *alg = only ? ticket_alg_find(slice_of(only)) : NULL;
    if (!json)
        fail_msg("%s: %s", text, fault);
    bool read = ticket_jwk_read(key, json, alg, error, sizeof(error));
    json_value_free(json);
    assert_int_equal(ERR_peek_error(), 0);
    return read ? NULL : error;
}

static void test_good_keys(void **state)
{
    static const struct {
        const char *jwk, *only, *alg, *kid;
        bool verifies, signs;
    } rows[] = {
        {TICKET_OCT_JWK, NULL, "HS256", NULL, true, true},
        {"{\"kty\":\"oct\",\"k\":\"" TICKET_SECRET "\",\"kid\":\"\"}", "HS512", "HS512", "", true,
         true},
        {"{" TICKET_RSA_PUBLIC ",\"kid\":\"a b\",\"x5c\":[\"?\"]}", "RS256", "RS256", "a b", true,
         false},
        {"{" TICKET_RSA_PUBLIC ",\"alg\":\"PS512\"}", NULL, "PS512", NULL, true, false},
        {"{" TICKET_RSA_PUBLIC "," TICKET_RSA_PRIVATE "}", "PS256", "PS256", NULL, true, true},
        {"{" TICKET_P256_PUBLIC "}", NULL, "ES256", NULL, true, false},
        {"{" TICKET_P256_PUBLIC "," TICKET_P256_PRIVATE "}", NULL, "ES256", NULL, true, true},
        {"{" TICKET_P256_PUBLIC ",\"use\":\"sig\"}", "ES256", "ES256", NULL, true, false},
        {"{" TICKET_P521_PUBLIC "," TICKET_P521_PRIVATE "}", NULL, "ES512", NULL, true, true},
        {"{" TICKET_ED_PUBLIC "}", NULL, "EdDSA", NULL, true, false},
        {"{" TICKET_ED_PUBLIC ",\"alg\":\"EdDSA\"}", "Ed25519", "EdDSA", NULL, true, false},
        {"{" TICKET_ED_PUBLIC ",\"alg\":\"Ed25519\"}", "EdDSA", "EdDSA", NULL, true, false},
        {"{" TICKET_ED_PUBLIC "," TICKET_ED_PRIVATE "}", NULL, "EdDSA", NULL, true, true},
        {"{" TICKET_ED_PUBLIC "," TICKET_ED_PRIVATE ",\"key_ops\":[\"sign\"]}", NULL, "EdDSA", NULL,
         false, true},
        {"{" TICKET_ED_PUBLIC "," TICKET_ED_PRIVATE ",\"key_ops\":[\"verify\",\"x\"]}", NULL,
         "EdDSA", NULL, true, false},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct ticket_key key;
        const char *fault = fault_of(rows[i].jwk, rows[i].only, &key);
        if (fault)
            fail_msg("%s: %s", rows[i].jwk, fault);
        assert_string_equal(key.alg->name, rows[i].alg);
        assert_true(string_equal(key.kid, rows[i].kid));
        assert_int_equal(key.verifies, rows[i].verifies);
        assert_int_equal(key.signs, rows[i].signs);
        ticket_key_free(&key);
    }
}

/* The public and the private part belong together. */
static void test_they_sign_and_verify(void **state)
{
    static const char *const jwks[] = {
        TICKET_OCT_JWK,
        "{" TICKET_RSA_PUBLIC "," TICKET_RSA_PRIVATE ",\"alg\":\"RS256\"}",
        "{" TICKET_P256_PUBLIC "," TICKET_P256_PRIVATE "}",
        "{" TICKET_P521_PUBLIC "," TICKET_P521_PRIVATE "}",
        "{" TICKET_ED_PUBLIC "," TICKET_ED_PRIVATE "}",
    };
    for (size_t i = 0; i < WSL_COUNT(jwks); i++) {
        struct ticket_key key;
        uint8_t signature[TICKET_KEY_SIGNATURE_MAX];
        assert_null(fault_of(jwks[i], NULL, &key));
        size_t length = ticket_key_sign(&key, SLICE("input"), signature);
        assert_true(length > 0);
        assert_true(ticket_key_verify(&key, SLICE("input"), signature, length));
        ticket_key_free(&key);
    }
}

#define OCT(k)    "{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"" k "\"}"
#define X_P256    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC(x, y)  "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" x "\",\"y\":\"" y "\"}"
#define RSA(n, e) "{\"kty\":\"RSA\",\"alg\":\"RS256\",\"n\":\"" n "\",\"e\":\"" e "\"}"

static const struct {
    const char *jwk, *only, *fault;
} wrong[] = {
    {"{}", NULL, "its kty is missing or not supported"},
    {"[]", NULL, "it is no object"},
    {"{\"kty\":1}", NULL, "kty is no text"},
    {"{\"kty\":\"OCT\"}", NULL, "its kty is missing or not supported"},
    {"{\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\"}", NULL, "its kty is missing or not supported"},
    /* algorithms */
    {"{\"kty\":\"oct\",\"k\":\"" TICKET_SECRET "\"}", NULL,
     "it names no alg; name the algorithm in the configuration"},
    {"{" TICKET_RSA_PUBLIC "}", NULL, "it names no alg; name the algorithm in the configuration"},
    {TICKET_OCT_JWK, "HS512", "its algorithm is not HS512"},
    {TICKET_OCT_JWK, "RS256", "its algorithm is not RS256"},
    {"{" TICKET_P256_PUBLIC "}", "ES384", "its algorithm is not ES384"},
    {"{" TICKET_RSA_PUBLIC "}", "HS256", "an RSA key cannot be for HS256"},
    {"{" TICKET_RSA_PUBLIC ",\"alg\":\"HS256\"}", NULL, "an RSA key cannot be for HS256"},
    {"{" TICKET_RSA_PUBLIC ",\"alg\":\"none\"}", NULL, "its alg is not supported"},
    {"{" TICKET_RSA_PUBLIC ",\"alg\":\"RSA-OAEP\"}", NULL, "its alg is not supported"},
    {"{" TICKET_RSA_PUBLIC ",\"alg\":256}", NULL, "alg is no text"},
    {"{\"kty\":\"oct\",\"alg\":\"RS256\",\"k\":\"" TICKET_SECRET "\"}", NULL,
     "a secret cannot be for RS256"},
    {"{" TICKET_P256_PUBLIC ",\"alg\":\"ES384\"}", NULL, "its crv cannot be for ES384"},
    {"{" TICKET_P256_PUBLIC ",\"alg\":\"HS256\"}", NULL, "its crv cannot be for HS256"},
    {"{" TICKET_ED_PUBLIC ",\"alg\":\"ES256\"}", NULL, "its crv cannot be for ES256"},
    /* purpose */
    {"{" TICKET_P256_PUBLIC ",\"use\":\"enc\"}", NULL, "its use is not \"sig\""},
    {"{" TICKET_P256_PUBLIC ",\"use\":\"\"}", NULL, "its use is not \"sig\""},
    {"{" TICKET_P256_PUBLIC ",\"use\":null}", NULL, "use is no text"},
    {"{" TICKET_P256_PUBLIC ",\"key_ops\":[]}", NULL, "key_ops allows no signatures"},
    {"{" TICKET_P256_PUBLIC ",\"key_ops\":[\"sign\"]}", NULL, "key_ops allows no signatures"},
    {"{" TICKET_P256_PUBLIC ",\"key_ops\":\"verify\"}", NULL, "key_ops is no list"},
    {"{" TICKET_P256_PUBLIC ",\"kid\":7}", NULL, "kid is no text"},
    /* secrets */
    {OCT("AAAA"), NULL, "the secret has 3 bytes; HS256 needs at least 32, and at most 4096"},
    {OCT(""), NULL, "the secret has 0 bytes; HS256 needs at least 32, and at most 4096"},
    {OCT("AAA="), NULL, "k is missing, too long, or not base64url"},
    {"{\"kty\":\"oct\",\"alg\":\"HS256\"}", NULL, "k is missing, too long, or not base64url"},
    {"{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":[]}", NULL,
     "k is missing, too long, or not base64url"},
    /* numbers */
    {RSA("", "AQAB"), NULL, "n is missing, too long, or not base64url"},
    {RSA("AQAB", "AQAB"), NULL,
     "the RSA key has 17 bits; it needs at least 2048, and at most 8192"},
    {RSA(TICKET_RSA_N, "AA"), NULL, "the public exponent of the RSA key is even, 1 or too large"},
    {RSA(TICKET_RSA_N, "AQ"), NULL, "the public exponent of the RSA key is even, 1 or too large"},
    {RSA(TICKET_RSA_N, "AQAA"), NULL, "the public exponent of the RSA key is even, 1 or too large"},
    {RSA(TICKET_RSA_N, TICKET_RSA_N), NULL,
     "the public exponent of the RSA key is even, 1 or too large"},
    {"{" TICKET_RSA_PUBLIC "," TICKET_RSA_PRIVATE ",\"oth\":[],\"alg\":\"RS256\"}", NULL,
     "an RSA key of more than two primes is not supported"},
    {"{" TICKET_RSA_PUBLIC ",\"d\":\"AQAB\",\"p\":\"AQ\",\"alg\":\"RS256\"}", NULL,
     "q is missing, too long, or not base64url"},
    {EC(X_P256, X_P256), NULL, "OpenSSL takes its numbers for no key"}, /* not on the curve */
    {EC(X_P256, "AAAA"), NULL, "OpenSSL takes its numbers for no key"},
    {EC(X_P256 "AA", X_P256), NULL, "x is missing, longer than the curve needs, or not base64url"},
    {EC(X_P256, X_P256 "AA"), NULL, "y is missing, longer than the curve needs, or not base64url"},
    {EC(X_P256, ""), NULL, "y is missing, longer than the curve needs, or not base64url"},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\"}", NULL,
     "x is missing, longer than the curve needs, or not base64url"},
    {"{\"kty\":\"EC\",\"crv\":\"secp256k1\"}", NULL, "its crv is missing or not supported"},
    {"{\"kty\":\"EC\",\"crv\":\"Ed25519\"}", NULL, "its crv is missing or not supported"},
    {"{\"kty\":\"EC\"}", NULL, "its crv is missing or not supported"},
    {"{\"kty\":\"OKP\",\"crv\":\"P-256\"}", NULL, "its crv is missing or not supported"},
    {"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X_P256 "\"}", NULL,
     "its crv is missing or not supported"},
    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", NULL,
     "x is missing, or has not 32 bytes"},
    {"{" TICKET_ED_PUBLIC ",\"d\":\"AAAA\"}", NULL, "d has not 32 bytes"},
};

static void test_wrong_keys(void **state)
{
    for (size_t i = 0; i < WSL_COUNT(wrong); i++) {
        struct ticket_key key;
        const char *fault = fault_of(wrong[i].jwk, wrong[i].only, &key);
        if (!fault || strcmp(fault, wrong[i].fault) != 0)
            fail_msg("%s: %s, not: %s", wrong[i].jwk, fault, wrong[i].fault);
        ticket_key_free(&key);
    }
}

/* Points whose x or y begins with zeros, with and without them. */
static void test_zeros_at_the_begin(void **state)
{
    static const char *const jwks[] = {
        EC("AMTcSzXuFms9OjifPa3GS3muRni4sUUfgZH3e9gglcU",
           "o7wDkMFgVud1il0S-xD4d4wT6SRMYUP9e1eBOgG7DGU"),
        EC("xNxLNe4Waz06OJ89rcZLea5GeLixRR-Bkfd72CCVxQ",
           "o7wDkMFgVud1il0S-xD4d4wT6SRMYUP9e1eBOgG7DGU"),
        EC("dDmKECE9vs2Vl4c5EAAIAhjy-beEiafhCQFwWLiWNGc",
           "Aq-Slbz79bXKh712UKko5VFiNYh8xMF_jAWQpD2o"),
    };
    for (size_t i = 0; i < WSL_COUNT(jwks); i++) {
        struct ticket_key key;
        assert_null(fault_of(jwks[i], NULL, &key));
        ticket_key_free(&key);
    }
}

static void test_long_members(void **state)
{
    static char jwk[20000], number[12000];
    struct ticket_key key;
    memset(number, 'A', sizeof(number) - 1);
    snprintf(jwk, sizeof(jwk), RSA("%s", "AQAB"), number);
    assert_string_equal(fault_of(jwk, NULL, &key), "n is missing, too long, or not base64url");
    ticket_key_free(&key);
    snprintf(jwk, sizeof(jwk), OCT("%s"), number);
    assert_string_equal(fault_of(jwk, NULL, &key), "k is missing, too long, or not base64url");
    ticket_key_free(&key);
    snprintf(jwk, sizeof(jwk), "{" TICKET_ED_PUBLIC ",\"kid\":\"%.256s\"}", number);
    assert_null(fault_of(jwk, NULL, &key));
    ticket_key_free(&key);
    snprintf(jwk, sizeof(jwk), "{" TICKET_ED_PUBLIC ",\"kid\":\"%.257s\"}", number);
    assert_string_equal(fault_of(jwk, NULL, &key), "its kid is too long");
    ticket_key_free(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_keys),    cmocka_unit_test(test_they_sign_and_verify),
        cmocka_unit_test(test_wrong_keys),   cmocka_unit_test(test_zeros_at_the_begin),
        cmocka_unit_test(test_long_members),
    };
    TICKET_LAB_NEEDS_JSON();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
