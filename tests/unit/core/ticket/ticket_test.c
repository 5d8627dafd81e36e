#include "core/ticket/ticket.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/ticket_lab.h"

#define NOW 1700000000 /* seconds */

static struct ticket_facts facts;
static struct ticket_use use_now;

static enum ticket_verdict verify_at(struct slice token, const struct ticket_keys *keys,
                                     const struct ticket_policy *policy, int64_t now)
{
    const struct ticket_moment moment = {now * 1000, NULL};
    enum ticket_verdict verdict = ticket_verify(token, keys, policy, &moment, &facts, &use_now);
    assert_int_equal(ERR_peek_error(), 0);
    assert_null(facts.issuer.ptr);
    assert_null(facts.id.ptr);
    return verdict;
}

static void expect(enum ticket_verdict verdict, enum ticket_verdict wanted, const char *what)
{
    if (verdict != wanted)
        fail_msg("%s: %s, not: %s", what, ticket_verdict_phrase(verdict),
                 ticket_verdict_phrase(wanted));
}

/* ---- what others have published ---- */

static const struct {
    const char *jwk, *alg, *token;
    bool has_claims; /* else its payload is no JSON, which shows only behind the signature */
} vectors[] = {
    {TICKET_OCT_JWK, NULL, TICKET_HS256, true},
    {"{" TICKET_RSA_PUBLIC "}", "RS256", TICKET_RS256, true},
    {"{" TICKET_P256_PUBLIC "}", NULL, TICKET_ES256, true},
    {"{" TICKET_P521_PUBLIC "}", NULL, TICKET_ES512, false},
    {"{" TICKET_ED_PUBLIC "}", NULL, TICKET_EDDSA, false},
};

static void test_published_tokens(void **state)
{
    const struct ticket_policy policy = {0};
    for (size_t i = 0; i < WSL_COUNT(vectors); i++) {
        struct ticket_keys *keys = ticket_lab_keys(vectors[i].jwk, vectors[i].alg);
        struct slice token = slice_of(vectors[i].token);
        expect(verify_at(token, keys, &policy, TICKET_JOE_EXPIRES - 1),
               vectors[i].has_claims ? TICKET_VALID : TICKET_CLAIMS, vectors[i].token);
        if (vectors[i].has_claims) {
            assert_true(facts.expires_ms == (int64_t)TICKET_JOE_EXPIRES * 1000);
            expect(verify_at(token, keys, &policy, TICKET_JOE_EXPIRES), TICKET_EXPIRED,
                   vectors[i].token);
        }
        ticket_keys_release(keys);
    }
}

static void test_cut_at_every_byte(void **state)
{
    const struct ticket_policy policy = {0};
    for (size_t i = 0; i < WSL_COUNT(vectors); i++) {
        struct ticket_keys *keys = ticket_lab_keys(vectors[i].jwk, vectors[i].alg);
        size_t length = strlen(vectors[i].token);
        for (size_t cut = 0; cut < length; cut++) {
            char *part = slice_copy((struct slice){vectors[i].token, cut});
            enum ticket_verdict verdict =
                verify_at((struct slice){part, cut}, keys, &policy, TICKET_JOE_EXPIRES - 1);
            assert_true(verdict == TICKET_MALFORMED || verdict == TICKET_HEADER ||
                        verdict == TICKET_SIGNATURE);
            free(part);
        }
        ticket_keys_release(keys);
    }
}

static void test_each_byte_counts(void **state)
{
    const struct ticket_policy policy = {0};
    struct ticket_keys *keys = ticket_lab_keys(TICKET_OCT_JWK, NULL);
    char token[] = TICKET_HS256;
    for (size_t at = 0; at < sizeof(token) - 1; at++) {
        token[at] ^= 1;
        enum ticket_verdict verdict = verify_at(SLICE(TICKET_HS256), keys, &policy, 0);
        assert_int_equal(verdict, TICKET_VALID);
        verdict = verify_at((struct slice){token, sizeof(token) - 1}, keys, &policy, 0);
        assert_true(verdict == TICKET_MALFORMED || verdict == TICKET_HEADER ||
                    verdict == TICKET_ALGORITHM || verdict == TICKET_SIGNATURE);
        token[at] ^= 1;
    }
    ticket_keys_release(keys);
}

/* ---- attacks ---- */

/* The set of the attacks; `signer` signs with any of its keys, which the attacker may have. */
static const char set[] =
    "{\"keys\":["
    "{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"hs\",\"k\":\"" TICKET_SECRET "\"},"
    "{" TICKET_RSA_PUBLIC "," TICKET_RSA_PRIVATE ",\"alg\":\"RS256\",\"kid\":\"rs\"},"
    "{" TICKET_P256_PUBLIC "," TICKET_P256_PRIVATE ",\"kid\":\"es\"}]}";

enum { HS, RS, ES, NOBODY };

static const struct {
    const char *name, *header, *payload;
    int signer;
    enum ticket_verdict verdict;
} attacks[] = {
    {"plain", "{\"alg\":\"HS256\",\"kid\":\"hs\"}", "{}", HS, TICKET_VALID},
    {"without kid", "{\"alg\":\"ES256\"}", "{}", ES, TICKET_VALID},
    {"none with a signature", "{\"alg\":\"none\"}", "{}", HS, TICKET_ALGORITHM},
    {"none with a kid", "{\"alg\":\"none\",\"kid\":\"hs\"}", "{}", HS, TICKET_ALGORITHM},
    {"none without", "{\"alg\":\"none\"}", "{}", NOBODY, TICKET_ALGORITHM},
    {"no signature", "{\"alg\":\"HS256\"}", "{}", NOBODY, TICKET_MALFORMED},
    {"another algorithm of the family", "{\"alg\":\"HS512\",\"kid\":\"hs\"}", "{}", HS,
     TICKET_ALGORITHM},
    {"RS to PS", "{\"alg\":\"PS256\",\"kid\":\"rs\"}", "{}", RS, TICKET_ALGORITHM},
    {"RS to HS", "{\"alg\":\"HS256\",\"kid\":\"rs\"}", "{}", RS, TICKET_ALGORITHM},
    {"ES to EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"es\"}", "{}", ES, TICKET_ALGORITHM},
    {"another key's signature", "{\"alg\":\"HS256\",\"kid\":\"hs\"}", "{}", RS, TICKET_SIGNATURE},
    {"kid of another key", "{\"alg\":\"ES256\",\"kid\":\"rs\"}", "{}", ES, TICKET_ALGORITHM},
    {"kid of nobody", "{\"alg\":\"HS256\",\"kid\":\"../hs\"}", "{}", HS, TICKET_KEY},
    {"empty kid", "{\"alg\":\"HS256\",\"kid\":\"\"}", "{}", HS, TICKET_KEY},
    {"kid in another case", "{\"alg\":\"HS256\",\"kid\":\"HS\"}", "{}", HS, TICKET_KEY},
    {"kid with a NUL", "{\"alg\":\"HS256\",\"kid\":\"hs\\u0000\"}", "{}", HS, TICKET_HEADER},
    {"kid as a list", "{\"alg\":\"HS256\",\"kid\":[\"hs\"]}", "{}", HS, TICKET_HEADER},
    {"crit", "{\"alg\":\"HS256\",\"crit\":[\"x\"],\"x\":1}", "{}", HS, TICKET_CRITICAL},
    {"its own key",
     "{\"alg\":\"ES256\",\"kid\":\"mine\",\"jwk\":{" TICKET_P256_PUBLIC "},\"jku\":\"http://x\"}",
     "{}", ES, TICKET_KEY},
    {"two algs", "{\"alg\":\"HS256\",\"alg\":\"none\"}", "{}", HS, TICKET_HEADER},
    {"two exps", "{\"alg\":\"HS256\"}", "{\"exp\":1,\"exp\":9999999999}", HS, TICKET_CLAIMS},
    {"two exps, one escaped", "{\"alg\":\"HS256\"}", "{\"exp\":1,\"\\u0065xp\":9999999999}", HS,
     TICKET_CLAIMS},
    {"deep", "{\"alg\":\"HS256\"}", "{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", HS, TICKET_CLAIMS},
    {"as deep as allowed", "{\"alg\":\"HS256\"}", "{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}", HS,
     TICKET_VALID},
    {"no object", "{\"alg\":\"HS256\"}", "[]", HS, TICKET_CLAIMS},
    {"no JSON", "{\"alg\":\"HS256\"}", "exp=9999999999", HS, TICKET_CLAIMS},
    {"nothing", "{\"alg\":\"HS256\"}", "", HS, TICKET_CLAIMS},
    {"nested", "{\"alg\":\"HS256\",\"cty\":\"JWT\"}", TICKET_HS256, HS, TICKET_CLAIMS},
    {"no UTF-8", "{\"alg\":\"HS256\"}", "{\"sub\":\"\xFF\"}", HS, TICKET_CLAIMS},
    {"expired, forged", "{\"alg\":\"HS256\"}", "{\"exp\":1}", RS, TICKET_SIGNATURE},
    {"expired", "{\"alg\":\"HS256\"}", "{\"exp\":1}", HS, TICKET_EXPIRED},
    {"expires now", "{\"alg\":\"HS256\"}", "{\"exp\":1700000000}", HS, TICKET_EXPIRED},
    {"expires in a second", "{\"alg\":\"HS256\"}", "{\"exp\":1700000001}", HS, TICKET_VALID},
    {"early", "{\"alg\":\"HS256\"}", "{\"nbf\":1700000001}", HS, TICKET_EARLY},
    {"from the future", "{\"alg\":\"HS256\"}", "{\"iat\":1700000001}", HS, TICKET_EARLY},
    {"for an audience", "{\"alg\":\"HS256\"}", "{\"aud\":\"others\"}", HS, TICKET_AUDIENCE},
    {"exp as text", "{\"alg\":\"HS256\"}", "{\"exp\":\"9999999999\"}", HS, TICKET_CLAIMS},
};

static void test_attacks(void **state)
{
    const struct ticket_policy policy = {0};
    struct ticket_keys *keys = ticket_lab_keys(set, NULL);
    assert_int_equal(ticket_keys_count(keys), 3);
    for (size_t i = 0; i < WSL_COUNT(attacks); i++) {
        const struct ticket_key *signer = ticket_keys_at(keys, (size_t)attacks[i].signer);
        char *token = ticket_lab_token(signer, attacks[i].header, attacks[i].payload);
        expect(verify_at(slice_of(token), keys, &policy, NOW), attacks[i].verdict, attacks[i].name);
        free(token);
    }
    ticket_keys_release(keys);
}

/* The public key of RS256 as the secret of HS256, in each form that it has in a file. */
static void test_key_confusion(void **state)
{
    static const char *const secrets[] = {TICKET_RSA_N, "{" TICKET_RSA_PUBLIC "}"};
    const struct ticket_policy policy = {0};
    struct ticket_keys *keys = ticket_lab_keys("{" TICKET_RSA_PUBLIC "}", "RS256");
    char error[200];
    for (size_t i = 0; i < WSL_COUNT(secrets); i++) {
        struct ticket_key attacker;
        assert_true(ticket_key_from_secret(&attacker, ticket_alg_find(SLICE("HS256")),
                                           slice_of(secrets[i]), error, sizeof(error)));
        char *token = ticket_lab_token(&attacker, "{\"alg\":\"HS256\"}", "{}");
        expect(verify_at(slice_of(token), keys, &policy, NOW), TICKET_ALGORITHM, token);
        free(token);
        token = ticket_lab_token(&attacker, "{\"alg\":\"RS256\"}", "{}");
        expect(verify_at(slice_of(token), keys, &policy, NOW), TICKET_SIGNATURE, token);
        free(token);
        ticket_key_free(&attacker);
    }
    ticket_keys_release(keys);
}

/* ECDSA's (r, s) and (r, n - s) are both valid; OpenSSL's DER form of it is not. */
static void test_a_signature_in_der(void **state)
{
    const struct ticket_policy policy = {0};
    struct ticket_keys *keys = ticket_lab_keys("{" TICKET_P256_PUBLIC "}", NULL);
    uint8_t raw[64], der[72] = {0x30, 68, 2, 32};
    char token[sizeof(TICKET_ES256) + 16];
    size_t length = sizeof("eyJhbGciOiJFUzI1NiJ9." TICKET_JOE ".") - 1;
    memcpy(token, TICKET_ES256, length);
    assert_int_equal(b64_url_decode(raw, sizeof(raw), slice_from(SLICE(TICKET_ES256), length)), 64);
    memcpy(der + 4, raw, 32);
    memcpy(der + 36, (const uint8_t[]){2, 33, 0}, 3);
    der[1] = 69;
    memcpy(der + 39, raw + 32, 32);
    length += b64_url_encode(token + length, der, 71);
    expect(verify_at((struct slice){token, length}, keys, &policy, 0), TICKET_SIGNATURE, "DER");
    ticket_keys_release(keys);
}

/* Many keys of one algorithm: a forged token without a kid costs a bounded number of tries. */
static void test_tries_are_bounded(void **state)
{
    char text[4000], *at = text;
    const struct ticket_policy policy = {0};
    at += snprintf(at, 100, "{\"keys\":[");
    for (int i = 0; i <= TICKET_TRIES_MAX; i++)
        at += snprintf(at, 200,
                       "%s{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"%d\",\"k\":"
                       "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%c\"}",
                       i ? "," : "", i, "AEIMQUYcg"[i]);
    snprintf(at, 10, "]}");
    struct ticket_keys *keys = ticket_lab_keys(text, NULL);
    char *token = ticket_lab_token(ticket_keys_at(keys, 8), "{\"alg\":\"HS256\"}", "{}");
    expect(verify_at(slice_of(token), keys, &policy, NOW), TICKET_SIGNATURE, "the ninth key");
    free(token);
    token = ticket_lab_token(ticket_keys_at(keys, 8), "{\"alg\":\"HS256\",\"kid\":\"8\"}", "{}");
    expect(verify_at(slice_of(token), keys, &policy, NOW), TICKET_VALID, "named by its kid");
    free(token);
    token = ticket_lab_token(ticket_keys_at(keys, 7), "{\"alg\":\"HS256\"}", "{}");
    expect(verify_at(slice_of(token), keys, &policy, NOW), TICKET_VALID, "the eighth key");
    free(token);
    ticket_keys_release(keys);
}

/* ---- single use ---- */

static struct ticket_use use_of(const char *payload, const char *scope)
{
    const struct ticket_policy policy = {.single_use = true, .scope = scope};
    struct ticket_keys *keys = ticket_lab_keys(TICKET_OCT_JWK, NULL);
    char *token = ticket_lab_token(ticket_keys_at(keys, 0), "{\"alg\":\"HS256\"}", payload);
    expect(verify_at(slice_of(token), keys, &policy, NOW), TICKET_VALID, payload);
    free(token);
    ticket_keys_release(keys);
    return use_now;
}

static void test_replay(void **state)
{
    static const char *const payloads[] = {
        "{\"exp\":1700000060,\"jti\":\"a\"}",
        "{\"exp\":1700000060,\"jti\":\"b\"}",
        "{\"exp\":1700000060,\"jti\":\"a\",\"iss\":\"i\"}",
        "{\"exp\":1700000060,\"jti\":\"ia\"}",
    };
    struct ticket_once *once = ticket_once_create(10);
    for (size_t i = 0; i < WSL_COUNT(payloads); i++) {
        struct ticket_use first = use_of(payloads[i], "key");
        assert_int_equal(ticket_once_use(once, &first, (int64_t)NOW * 1000), TICKET_VALID);
        assert_true(first.until_ms == 1700000060000);
    }
    for (size_t i = 0; i < WSL_COUNT(payloads); i++) {
        struct ticket_use again = use_of(payloads[i], "key");
        assert_int_equal(ticket_once_use(once, &again, (int64_t)NOW * 1000), TICKET_USED);
    }
    /* Another exp makes no new ticket of it; another source of keys does. */
    struct ticket_use same = use_of("{\"exp\":1700000099,\"jti\":\"a\"}", "key");
    assert_int_equal(ticket_once_use(once, &same, (int64_t)NOW * 1000), TICKET_USED);
    struct ticket_use other = use_of(payloads[0], "another key");
    assert_int_equal(ticket_once_use(once, &other, (int64_t)NOW * 1000), TICKET_VALID);
    ticket_once_free(once);
}

/* It is remembered for as long as the leeway lets it in. */
static void test_replay_within_the_leeway(void **state)
{
    const struct ticket_policy policy = {.single_use = true, .leeway_ms = 30000};
    struct ticket_keys *keys = ticket_lab_keys(TICKET_OCT_JWK, NULL);
    char *token = ticket_lab_token(ticket_keys_at(keys, 0), "{\"alg\":\"HS256\"}",
                                   "{\"exp\":1700000000,\"jti\":\"a\"}");
    expect(verify_at(slice_of(token), keys, &policy, NOW), TICKET_VALID, "late");
    assert_true(use_now.until_ms == 1700000030000);
    free(token);
    ticket_keys_release(keys);
}

/* ---- signing ---- */

static void test_signs_what_it_verifies(void **state)
{
    const struct ticket_policy policy = {0};
    struct ticket_keys *keys = ticket_lab_keys(set, NULL);
    for (size_t i = 0; i < ticket_keys_count(keys); i++) {
        char *token = ticket_sign(ticket_keys_at(keys, i), SLICE("{\"sub\":\"ann\"}"));
        assert_non_null(token);
        expect(verify_at(slice_of(token), keys, &policy, NOW), TICKET_VALID, token);
        assert_string_equal(facts.user, "ann");
        free(token);
    }
    char *large = calloc(1, TICKET_JWS_MAX);
    memset(large, ' ', TICKET_JWS_MAX);
    large[0] = '{';
    for (size_t length = 6000; length < TICKET_JWS_MAX; length++) {
        large[length - 1] = '}';
        char *token = ticket_sign(ticket_keys_at(keys, HS), (struct slice){large, length});
        large[length - 1] = ' ';
        assert_true(!token || strlen(token) <= TICKET_JWS_MAX);
        if (token)
            expect(verify_at(slice_of(token), keys, &policy, NOW), TICKET_VALID, "a long one");
        assert_true((token != NULL) == (length <= 6072));
        free(token);
    }
    free(large);
    ticket_keys_release(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_tokens),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_each_byte_counts),
        cmocka_unit_test(test_attacks),
        cmocka_unit_test(test_key_confusion),
        cmocka_unit_test(test_a_signature_in_der),
        cmocka_unit_test(test_tries_are_bounded),
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_replay_within_the_leeway),
        cmocka_unit_test(test_signs_what_it_verifies),
    };
    TICKET_LAB_NEEDS_JSON();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
