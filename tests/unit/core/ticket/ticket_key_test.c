#include "core/ticket/ticket_key.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char secret[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static char error[200];

static const struct ticket_alg *alg_of(const char *name)
{
    return ticket_alg_find(slice_of(name));
}

static EVP_PKEY *generate(const char *type, const char *curve, size_t bits)
{
    EVP_PKEY *pkey = curve  ? EVP_PKEY_Q_keygen(NULL, NULL, type, curve)
                     : bits ? EVP_PKEY_Q_keygen(NULL, NULL, type, bits)
                            : EVP_PKEY_Q_keygen(NULL, NULL, type);
    assert_non_null(pkey);
    return pkey;
}

/* One RSA key of 2048 bits for all tests. */
static int setup(void **state)
{
    *state = generate("RSA", NULL, 2048);
    return 0;
}

static int teardown(void **state)
{
    EVP_PKEY_free(*state);
    return 0;
}

static void make(struct ticket_key *key, const struct ticket_alg *alg, EVP_PKEY *rsa)
{
    EVP_PKEY *pkey = rsa;
    if (alg->family == TICKET_HMAC) {
        assert_true(ticket_key_from_secret(key, alg, slice_of(secret), error, sizeof(error)));
        return;
    }
    if (alg->family == TICKET_RSA || alg->family == TICKET_PSS)
        EVP_PKEY_up_ref(pkey);
    else
        pkey = generate(alg->group ? "EC" : "ED25519", alg->curve, 0);
    assert_true(ticket_key_from_pkey(key, alg, pkey, true, error, sizeof(error)));
}

static void test_each_algorithm_verifies_what_it_signs(void **state)
{
    uint8_t signature[TICKET_KEY_SIGNATURE_MAX];
    const struct ticket_alg *alg;
    for (size_t i = 0; (alg = ticket_alg_at(i)); i++) {
        struct ticket_key key;
        make(&key, alg, *state);
        size_t length = ticket_key_sign(&key, SLICE("input"), signature);
        assert_true(length > 0);
        if (alg->family == TICKET_EC)
            assert_int_equal(length, 2 * alg->size);
        assert_true(ticket_key_verify(&key, SLICE("input"), signature, length));
        assert_false(ticket_key_verify(&key, SLICE("inpuT"), signature, length));
        assert_false(ticket_key_verify(&key, SLICE(""), signature, length));
        for (size_t cut = 0; cut < length; cut++)
            assert_false(ticket_key_verify(&key, SLICE("input"), signature, cut));
        assert_false(ticket_key_verify(&key, SLICE("input"), signature, length + 1));
        for (size_t at = 0; at < length; at += 7) {
            signature[at] ^= 0x10;
            assert_false(ticket_key_verify(&key, SLICE("input"), signature, length));
            signature[at] ^= 0x10;
        }
        key.verifies = false;
        assert_false(ticket_key_verify(&key, SLICE("input"), signature, length));
        ticket_key_free(&key);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

/* The same RSA key, or secret, under another algorithm. */
static void test_a_signature_is_good_for_its_algorithm_only(void **state)
{
    uint8_t signature[TICKET_KEY_SIGNATURE_MAX];
    const struct ticket_alg *from, *to;
    for (size_t i = 0; (from = ticket_alg_at(i)); i++) {
        struct ticket_key signer, other;
        make(&signer, from, *state);
        size_t length = ticket_key_sign(&signer, SLICE("input"), signature);
        for (size_t j = 0; (to = ticket_alg_at(j)); j++) {
            if (i == j)
                continue;
            make(&other, to, *state);
            assert_false(ticket_key_verify(&other, SLICE("input"), signature, length));
            ticket_key_free(&other);
        }
        ticket_key_free(&signer);
    }
}

static void test_ecdsa_with_zeros(void **state)
{
    uint8_t signature[64] = {0};
    struct ticket_key key;
    make(&key, alg_of("ES256"), *state);
    assert_false(ticket_key_verify(&key, SLICE("input"), signature, sizeof(signature)));
    signature[63] = signature[31] = 1;
    assert_false(ticket_key_verify(&key, SLICE("input"), signature, sizeof(signature)));
    memset(signature, 0xFF, sizeof(signature));
    assert_false(ticket_key_verify(&key, SLICE("input"), signature, sizeof(signature)));
    ticket_key_free(&key);
    assert_int_equal(ERR_peek_error(), 0);
}

static void test_short_secrets(void **state)
{
    for (size_t i = 0; ticket_alg_at(i)->family == TICKET_HMAC; i++) {
        const struct ticket_alg *alg = ticket_alg_at(i);
        struct ticket_key key;
        bool made = ticket_key_from_secret(&key, alg, (struct slice){secret, alg->size - 1u}, error,
                                           sizeof(error));
        assert_false(made);
        assert_non_null(strstr(error, alg->name));
        ticket_key_free(&key);
        assert_true(ticket_key_from_secret(&key, alg, (struct slice){secret, alg->size}, error,
                                           sizeof(error)));
        ticket_key_free(&key);
    }
}

static void refuse(const char *alg, EVP_PKEY *pkey, const char *why)
{
    struct ticket_key key;
    assert_false(ticket_key_from_pkey(&key, alg_of(alg), pkey, true, error, sizeof(error)));
    if (!strstr(error, why))
        fail_msg("%s: %s, not: %s", alg, error, why);
    ticket_key_free(&key);
    assert_int_equal(ERR_peek_error(), 0);
}

static EVP_PKEY *rsa_with_exponent(unsigned long e)
{
    EVP_PKEY *pkey = NULL;
    BIGNUM *number = BN_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    assert_true(BN_set_word(number, e));
    assert_int_equal(EVP_PKEY_keygen_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048), 1);
    assert_int_equal(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, number), 1);
    assert_int_equal(EVP_PKEY_keygen(context, &pkey), 1);
    EVP_PKEY_CTX_free(context);
    BN_free(number);
    return pkey;
}

static void test_weak_and_foreign_keys(void **state)
{
    EVP_PKEY *rsa = *state;
    refuse("RS256", generate("RSA", NULL, 1024), "1024 bits");
    refuse("PS256", generate("RSA", NULL, 1024), "1024 bits");
    refuse("ES256", generate("EC", "P-384", 0), "another type");
    refuse("ES384", generate("EC", "P-256", 0), "another type");
    refuse("ES256", generate("EC", "secp256k1", 0), "another type");
    refuse("EdDSA", generate("ED448", NULL, 0), "another type");
    refuse("EdDSA", generate("X25519", NULL, 0), "another type");
    refuse("RS256", generate("EC", "P-256", 0), "another type");
    EVP_PKEY_up_ref(rsa);
    refuse("ES256", rsa, "another type");
    EVP_PKEY_up_ref(rsa);
    refuse("HS256", rsa, "another type");
    struct ticket_key key;
    assert_true(ticket_key_from_pkey(&key, alg_of("RS256"), rsa_with_exponent(3), false, error,
                                     sizeof(error)));
    assert_false(key.signs);
    ticket_key_free(&key);
}

/* ---- PEM ---- */

static size_t pem_of(EVP_PKEY *pkey, bool is_private, const char *passphrase, char *out,
                     size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int length = passphrase ? (int)strlen(passphrase) : 0;
    assert_true(
        is_private ? PEM_write_bio_PrivateKey(bio, pkey, passphrase ? EVP_aes_128_cbc() : NULL,
                                              (const unsigned char *)passphrase, length, NULL, NULL)
                   : PEM_write_bio_PUBKEY(bio, pkey));
    int got = BIO_read(bio, out, (int)size);
    BIO_free(bio);
    assert_true(got > 0);
    return (size_t)got;
}

static void test_pem(void **state)
{
    char pem[4096];
    struct ticket_key key;
    for (int is_private = 0; is_private < 2; is_private++) {
        size_t length = pem_of(*state, is_private, NULL, pem, sizeof(pem));
        assert_true(ticket_key_from_pem(&key, alg_of("PS384"), (struct slice){pem, length}, error,
                                        sizeof(error)));
        assert_int_equal(key.signs, is_private);
        ticket_key_free(&key);
        for (size_t cut = 0; cut + 2 < length; cut += 13) {
            assert_false(ticket_key_from_pem(&key, alg_of("PS384"), (struct slice){pem, cut}, error,
                                             sizeof(error)));
            ticket_key_free(&key);
        }
    }
    assert_int_equal(ERR_peek_error(), 0);
}

static void test_pem_as_a_secret(void **state)
{
    char pem[4096];
    struct ticket_key key;
    size_t length = pem_of(*state, false, NULL, pem, sizeof(pem));
    assert_false(ticket_key_from_pem(&key, alg_of("HS256"), (struct slice){pem, length}, error,
                                     sizeof(error)));
    assert_string_equal(error, "a key in PEM format is no secret, which HS256 needs");
    ticket_key_free(&key);
}

/* OpenSSL must not ask on the terminal. */
static void test_pem_with_a_passphrase(void **state)
{
    char pem[4096];
    struct ticket_key key;
    size_t length = pem_of(*state, true, "open", pem, sizeof(pem));
    assert_false(ticket_key_from_pem(&key, alg_of("RS256"), (struct slice){pem, length}, error,
                                     sizeof(error)));
    assert_non_null(strstr(error, "passphrase"));
    ticket_key_free(&key);
    assert_int_equal(ERR_peek_error(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_algorithm_verifies_what_it_signs),
        cmocka_unit_test(test_a_signature_is_good_for_its_algorithm_only),
        cmocka_unit_test(test_ecdsa_with_zeros),
        cmocka_unit_test(test_short_secrets),
        cmocka_unit_test(test_weak_and_foreign_keys),
        cmocka_unit_test(test_pem),
        cmocka_unit_test(test_pem_as_a_secret),
        cmocka_unit_test(test_pem_with_a_passphrase),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
