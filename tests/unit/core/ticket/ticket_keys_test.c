#include "core/ticket/ticket_keys.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/ticket/ticket_make.h"
#include "lib/ticket_lab.h"

static char error[200];
static size_t skipped;

static struct ticket_keys *read_text(struct slice text, const char *alg)
{
    struct ticket_keys *keys = ticket_keys_read(text, alg ? ticket_alg_find(slice_of(alg)) : NULL,
                                                &skipped, error, sizeof(error));
    assert_int_equal(ERR_peek_error(), 0);
    return keys;
}

#define P256(kid) "{" TICKET_P256_PUBLIC ",\"kid\":\"" kid "\"}"

static void test_secret_files(void **state)
{
    static const char text[] = "0123456789abcdef0123456789abcdef";
    static const struct {
        const char *end;
        size_t bytes;
    } rows[] = {{"", 32}, {"\n", 32}, {"\r\n", 32}, {"\n\n", 33}, {" ", 33}};
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        char file[64];
        struct ticket_key same;
        uint8_t one[TICKET_KEY_SIGNATURE_MAX], other[TICKET_KEY_SIGNATURE_MAX];
        snprintf(file, sizeof(file), "%s%s", text, rows[i].end);
        struct ticket_keys *keys = read_text(slice_of(file), "HS256");
        assert_non_null(keys);
        assert_int_equal(ticket_keys_count(keys), 1);
        assert_true(ticket_key_from_secret(&same, ticket_alg_find(SLICE("HS256")),
                                           (struct slice){file, rows[i].bytes}, error,
                                           sizeof(error)));
        assert_int_equal(ticket_key_sign(&same, SLICE("x"), one), 32);
        assert_int_equal(ticket_key_sign(ticket_keys_at(keys, 0), SLICE("x"), other), 32);
        assert_memory_equal(one, other, 32);
        ticket_key_free(&same);
        ticket_keys_release(keys);
    }
}

static void test_refuses(void **state)
{
    static const struct {
        const char *text, *alg, *fault;
    } rows[] = {
        {"", "HS256", "it is empty"},
        {"0123456789abcdef0123456789abcdef", NULL,
         "it does not say its algorithm, which must be named"},
        {"0123456789abcdef0123456789abcde\n", "HS256",
         "the secret has 31 bytes; HS256 needs at least 32, and at most 4096"},
        {"0123456789abcdef0123456789abcdef", "ES256", "neither a key in PEM format nor a JWK"},
        {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "HS256",
         "a key in PEM format is no secret, which HS256 needs"},
        {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", NULL,
         "it does not say its algorithm, which must be named"},
        {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "ES256",
         "no public key, certificate or private key without a passphrase in PEM format"},
        {"{\"keys\":[]}", NULL, "the JWK Set has no keys"},
        {"{\"keys\":{}}", NULL, "its kty is missing or not supported"},
        {" {", NULL, "the JSON ends too early"},
        {"{\"keys\":[],\"keys\":[]}", NULL, "two members have the same name"},
        {"{\"keys\":[{\"kty\":\"x\"},7]}", NULL, "its kty is missing or not supported"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        assert_null(read_text(slice_of(rows[i].text), rows[i].alg));
        if (strcmp(error, rows[i].fault) != 0)
            fail_msg("%s: %s, not: %s", rows[i].text, error, rows[i].fault);
    }
}

static void test_sizes(void **state)
{
    char *text = malloc(TICKET_KEYS_TEXT_MAX + 1);
    memset(text, ' ', TICKET_KEYS_TEXT_MAX + 1);
    memcpy(text, P256("a"), strlen(P256("a")));
    assert_null(read_text((struct slice){text, TICKET_KEYS_TEXT_MAX + 1}, NULL));
    assert_string_equal(error, "it is too large");
    struct ticket_keys *keys = read_text((struct slice){text, TICKET_KEYS_TEXT_MAX}, NULL);
    assert_non_null(keys);
    ticket_keys_release(keys);
    memset(text, '[', TICKET_KEYS_TEXT_MAX);
    text[0] = '{';
    assert_null(read_text((struct slice){text, TICKET_KEYS_TEXT_MAX}, NULL));
    assert_string_equal(error, "the JSON is nested too deeply");
    size_t length = (size_t)snprintf(text, TICKET_KEYS_TEXT_MAX, "{\"keys\":[1");
    for (int i = 0; i < TICKET_KEYS_MAX; i++)
        length += (size_t)snprintf(text + length, 8, ",%d", i);
    length += (size_t)snprintf(text + length, 8, "]}");
    assert_null(read_text((struct slice){text, length}, NULL));
    assert_string_equal(error, "the JWK Set has 65 keys, at most 64");
    free(text);
}

static void test_skips_what_it_cannot_use(void **state)
{
    struct ticket_keys *keys = read_text(
        SLICE("{\"keys\":[{\"kty\":\"EC\",\"use\":\"enc\"}," P256(
            "one") ",7,{\"kty\":\"RSA\",\"alg\":"
                   "\"RS256\",\"n\":\"AQAB\",\"e\":\"AQAB\"},{" TICKET_ED_PUBLIC "}],\"x\":1}"),
        NULL);
    assert_non_null(keys);
    assert_int_equal(skipped, 3);
    assert_string_equal(error, "its use is not \"sig\"");
    assert_int_equal(ticket_keys_count(keys), 2);
    assert_string_equal(ticket_keys_at(keys, 0)->kid, "one");
    assert_null(ticket_keys_at(keys, 1)->kid);
    assert_null(ticket_keys_at(keys, 2));
    ticket_keys_release(keys);
}

static size_t count_for(const struct ticket_keys *keys, const char *alg, const char *kid)
{
    size_t cursor = 0, count = 0;
    while (ticket_keys_next(keys, &cursor, ticket_alg_find(slice_of(alg)), slice_of(kid)))
        count++;
    return count;
}

static void test_choice(void **state)
{
    struct ticket_keys *keys = ticket_lab_keys(
        "{\"keys\":[" P256("a") "," P256("b") "," P256(
            "a") ",{" TICKET_ED_PUBLIC "},{" TICKET_ED_PUBLIC ",\"kid\":\"a\"},{" TICKET_P256_PUBLIC
                 "," TICKET_P256_PRIVATE ",\"kid\":\"s\",\"key_ops\":[\"sign\"]}]}",
        NULL);
    assert_int_equal(ticket_keys_count(keys), 6);
    assert_int_equal(count_for(keys, "ES256", "a"), 2);
    assert_int_equal(count_for(keys, "ES256", "b"), 1);
    assert_int_equal(count_for(keys, "ES256", "c"), 0);
    assert_int_equal(count_for(keys, "ES256", "A"), 0);
    assert_int_equal(count_for(keys, "ES256", ""), 0);
    assert_int_equal(count_for(keys, "ES256", "s"), 0); /* it does not verify */
    assert_int_equal(count_for(keys, "ES256", NULL), 3);
    assert_int_equal(count_for(keys, "EdDSA", "a"), 2); /* and the one without a kid */
    assert_int_equal(count_for(keys, "EdDSA", "c"), 1);
    assert_int_equal(count_for(keys, "RS256", NULL), 0);
    assert_string_equal(ticket_keys_signer(keys, NULL)->kid, "s");
    assert_string_equal(ticket_keys_signer(keys, "s")->kid, "s");
    assert_null(ticket_keys_signer(keys, "a"));
    assert_ptr_equal(ticket_keys_retain(keys), keys);
    ticket_keys_release(keys);
    assert_int_equal(ticket_keys_count(keys), 6);
    ticket_keys_release(keys);
    ticket_keys_release(NULL);
}

static void test_cut_at_every_byte(void **state)
{
    static const char set[] = "{\"keys\":[" P256("a") ",{" TICKET_ED_PUBLIC "}]}";
    for (size_t cut = 0; cut < sizeof(set) - 1; cut++) {
        char *part = slice_copy((struct slice){set, cut});
        assert_null(read_text((struct slice){part, cut}, NULL));
        free(part);
    }
}

static struct ticket_keys *read_websockify(const char *text)
{
    struct ticket_keys *keys = ticket_keys_read_websockify(slice_of(text), error, sizeof(error));
    assert_int_equal(ERR_peek_error(), 0);
    return keys;
}

/* 48 bytes, which all but HS512 take; each spelling gives the same. */
static void test_websockify_secrets(void **state)
{
    static const char *const texts[] = {
        "--__MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJj",
        "++//MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJj\n",
    };
    uint8_t first[TICKET_KEY_SIGNATURE_MAX], other[TICKET_KEY_SIGNATURE_MAX];
    for (size_t i = 0; i < WSL_COUNT(texts); i++) {
        struct ticket_keys *keys = read_websockify(texts[i]);
        assert_non_null(keys);
        assert_int_equal(ticket_keys_count(keys), 2);
        assert_int_equal(count_for(keys, "HS256", "x"), 1);
        assert_int_equal(count_for(keys, "HS384", NULL), 1);
        assert_int_equal(count_for(keys, "RS256", NULL), 0);
        assert_int_equal(ticket_key_sign(ticket_keys_at(keys, 0), SLICE("x"), i ? other : first),
                         32);
        ticket_keys_release(keys);
    }
    assert_memory_equal(first, other, 32);
    struct ticket_keys *keys = read_websockify("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    assert_non_null(keys);
    assert_int_equal(ticket_keys_count(keys), 1);
    ticket_keys_release(keys);
}

static void test_websockify_refuses(void **state)
{
    static const char *const texts[] = {
        "",
        "=",
        "not base64 at all",
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ",
        "{" TICKET_P256_PUBLIC "}",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    };
    for (size_t i = 0; i < WSL_COUNT(texts); i++) {
        *error = '\0';
        assert_null(read_websockify(texts[i]));
        assert_true(*error);
    }
    char *text = malloc(TICKET_KEYS_TEXT_MAX + 1);
    memset(text, 'A', TICKET_KEYS_TEXT_MAX + 1);
    for (size_t length = 5400; length < 5480; length++)
        ticket_keys_release(
            ticket_keys_read_websockify((struct slice){text, length}, error, sizeof(error)));
    assert_null(ticket_keys_read_websockify((struct slice){text, TICKET_KEYS_TEXT_MAX + 1}, error,
                                            sizeof(error)));
    assert_string_equal(error, "it is too large");
    free(text);
}

/* All algorithms of its type, and never one that would take it for a secret. */
static void test_websockify_pem(void **state)
{
    static const struct {
        const char *alg;
        size_t count;
    } rows[] = {{"RS256", 6}, {"ES256", 1}, {"ES512", 1}, {"EdDSA", 1}};
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct text pem = {0};
        assert_true(ticket_make_key(ticket_alg_find(slice_of(rows[i].alg)), false, NULL, &pem));
        struct ticket_keys *keys =
            ticket_keys_read_websockify(text_slice(&pem), error, sizeof(error));
        text_wipe(&pem);
        assert_non_null(keys);
        assert_int_equal(ticket_keys_count(keys), rows[i].count);
        assert_int_equal(count_for(keys, rows[i].alg, NULL), 1);
        assert_int_equal(count_for(keys, "HS256", NULL), 0);
        assert_int_equal(count_for(keys, "PS512", NULL), rows[i].count == 6);
        ticket_keys_release(keys);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret_files),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_skips_what_it_cannot_use),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_websockify_secrets),
        cmocka_unit_test(test_websockify_refuses),
        cmocka_unit_test(test_websockify_pem),
    };
    TICKET_LAB_NEEDS_JSON();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
