#include "core/ticket/ticket_make.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/ticket_lab.h"

static char error[200];

static struct ticket_keys *read_back(const struct text *text, const struct ticket_alg *alg)
{
    size_t skipped;
    struct ticket_keys *keys =
        ticket_keys_read(text_slice(text), alg, &skipped, error, sizeof(error));
    if (!keys)
        fail_msg("%.*s: %s", (int)text->length, text->bytes, error);
    assert_int_equal(skipped, 0);
    return keys;
}

/* The public part verifies what the private part signs, in each form. */
static void check_pair(const struct ticket_keys *keys, bool jwk)
{
    uint8_t signature[TICKET_KEY_SIGNATURE_MAX];
    const struct ticket_key *key = ticket_keys_at(keys, 0);
    struct text text = {0};
    size_t length = ticket_key_sign(key, SLICE("input"), signature);
    assert_true(ticket_make_public(keys, jwk, NULL, &text, error, sizeof(error)));
    struct ticket_keys *of_public = read_back(&text, key->alg);
    assert_false(ticket_keys_at(of_public, 0)->signs);
    assert_true(ticket_key_verify(ticket_keys_at(of_public, 0), SLICE("input"), signature, length));
    assert_true(!jwk || !key->kid || string_equal(ticket_keys_at(of_public, 0)->kid, key->kid));
    ticket_keys_release(of_public);
    text_wipe(&text);
    assert_null(text.bytes);
}

static void test_each_algorithm(void **state)
{
    const struct ticket_alg *alg;
    for (size_t i = 0; (alg = ticket_alg_at(i)); i++) {
        bool is_rsa = alg->family == TICKET_RSA || alg->family == TICKET_PSS;
        /* New RSA keys take long: one of them is enough. */
        for (int jwk = is_rsa; jwk < 2 && (!is_rsa || strcmp(alg->name, "PS256") == 0); jwk++) {
            struct text text = {0};
            assert_true(ticket_make_key(alg, jwk, NULL, &text));
            struct ticket_keys *keys = read_back(&text, jwk ? NULL : alg);
            const struct ticket_key *key = ticket_keys_at(keys, 0);
            assert_ptr_equal(key->alg, alg);
            assert_true(key->signs && key->verifies);
            if (alg->family == TICKET_HMAC) {
                struct text none = {0};
                assert_false(ticket_make_public(keys, jwk, NULL, &none, error, sizeof(error)));
                assert_non_null(strstr(error, "secret"));
                assert_null(key->kid);
            } else {
                check_pair(keys, false);
                check_pair(keys, true);
                assert_int_equal(key->kid != NULL, jwk);
            }
            ticket_keys_release(keys);
            text_wipe(&text);
            assert_int_equal(ERR_peek_error(), 0);
        }
    }
}

/* RFC 8037, appendix A.3: the thumbprint of its key. RFC 7638 section 3.1 has one for RSA. */
static void test_kid(void **state)
{
    struct text text = {0};
    struct ticket_keys *keys =
        ticket_lab_keys("{" TICKET_ED_PUBLIC "," TICKET_ED_PRIVATE "}", NULL);
    assert_true(ticket_make_public(keys, true, NULL, &text, error, sizeof(error)));
    text_add_byte(&text, '\0');
    assert_string_equal(text.bytes,
                        "{\"keys\":[{\"kty\":\"OKP\",\"alg\":\"EdDSA\",\"use\":\"sig\",\"kid\":"
                        "\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\",\"crv\":\"Ed25519\",\"x\":"
                        "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}\n");
    text_wipe(&text);
    assert_true(ticket_make_public(keys, true, "mine", &text, error, sizeof(error)));
    struct ticket_keys *named = read_back(&text, NULL);
    assert_string_equal(ticket_keys_at(named, 0)->kid, "mine");
    ticket_keys_release(named);
    text_wipe(&text);
    ticket_keys_release(keys);
}

static void test_several_keys(void **state)
{
    struct text text = {0};
    struct ticket_keys *keys = ticket_lab_keys(
        "{\"keys\":[{" TICKET_ED_PUBLIC "},{" TICKET_P256_PUBLIC ",\"kid\":\"es\"}]}", NULL);
    assert_false(ticket_make_public(keys, false, NULL, &text, error, sizeof(error)));
    assert_string_equal(error, "there are several keys; ask for a JWK Set");
    assert_false(ticket_make_public(keys, true, "x", &text, error, sizeof(error)));
    assert_true(ticket_make_public(keys, true, NULL, &text, error, sizeof(error)));
    struct ticket_keys *again = read_back(&text, NULL);
    assert_int_equal(ticket_keys_count(again), 2);
    assert_string_equal(ticket_keys_at(again, 1)->kid, "es");
    ticket_keys_release(again);
    text_wipe(&text);
    ticket_keys_release(keys);
}

static void test_no_two_are_equal(void **state)
{
    struct text one = {0}, other = {0};
    assert_true(ticket_make_key(ticket_alg_at(0), false, NULL, &one));
    assert_true(ticket_make_key(ticket_alg_at(0), false, NULL, &other));
    assert_int_equal(one.length, 44);
    assert_true(memcmp(one.bytes, other.bytes, 43) != 0);
    text_wipe(&one);
    text_wipe(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_algorithm),
        cmocka_unit_test(test_kid),
        cmocka_unit_test(test_several_keys),
        cmocka_unit_test(test_no_two_are_equal),
    };
    TICKET_LAB_NEEDS_JSON();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
