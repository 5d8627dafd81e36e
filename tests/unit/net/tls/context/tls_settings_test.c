/* The settings of an SSL_CTX: versions, ciphers, suites, trust, and their errors. */
#include "net/tls/context/tls_settings.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/pki.h"

struct fixture {
    SSL_CTX *ssl;
    char text[512];
    struct tls_error error;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->ssl = SSL_CTX_new(TLS_server_method());
    f->error = (struct tls_error){.text = f->text, .size = sizeof(f->text)};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    SSL_CTX_free(f->ssl);
    ERR_clear_error();
    free(f);
    return 0;
}

static bool offers(const struct fixture *f, const char *name)
{
    const STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(f->ssl);
    for (int i = 0; i < sk_SSL_CIPHER_num(all); i++)
        if (strcmp(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(all, i)), name) == 0)
            return true;
    return false;
}

static void test_common(void **state)
{
    struct fixture *f = *state;
    assert_true(tls_settings_common(f->ssl));
    assert_true(SSL_CTX_get_options(f->ssl) & SSL_OP_NO_RENEGOTIATION);
    assert_true(SSL_CTX_get_options(f->ssl) & SSL_OP_NO_COMPRESSION);
    assert_int_equal(SSL_CTX_get_session_cache_mode(f->ssl), SSL_SESS_CACHE_OFF);
    assert_true(SSL_CTX_get_mode(f->ssl) & SSL_MODE_RELEASE_BUFFERS);
}

static void test_versions(void **state)
{
    struct fixture *f = *state;
    assert_true(tls_settings_version(f->ssl, CONFIG_TLS_1_2));
    assert_int_equal(SSL_CTX_get_min_proto_version(f->ssl), TLS1_2_VERSION);
    assert_true(SSL_CTX_get_security_level(f->ssl) > 0);
    assert_true(tls_settings_version(f->ssl, CONFIG_TLS_1_1));
    assert_int_equal(SSL_CTX_get_min_proto_version(f->ssl), TLS1_1_VERSION);
    assert_int_equal(SSL_CTX_get_security_level(f->ssl), 0);
}

static void test_ciphers(void **state)
{
    struct fixture *f = *state;
    assert_true(tls_settings_ciphers(f->ssl, NULL, CONFIG_TLS_1_2, &f->error));
    assert_true(offers(f, "ECDHE-ECDSA-AES128-GCM-SHA256"));
    assert_false(offers(f, "ECDHE-ECDSA-AES128-SHA"));
    assert_true(tls_settings_ciphers(f->ssl, NULL, CONFIG_TLS_1_1, &f->error));
    assert_true(offers(f, "ECDHE-ECDSA-AES128-SHA"));
    assert_true(
        tls_settings_ciphers(f->ssl, "ECDHE-RSA-AES256-GCM-SHA384", CONFIG_TLS_1_2, &f->error));
    assert_false(offers(f, "ECDHE-ECDSA-AES128-GCM-SHA256"));
    assert_false(tls_settings_ciphers(f->ssl, "NO-SUCH", CONFIG_TLS_1_2, &f->error));
    assert_non_null(strstr(f->text, "'NO-SUCH'"));
}

static void test_suites(void **state)
{
    struct fixture *f = *state;
    assert_true(tls_settings_suites(f->ssl, NULL, &f->error));
    assert_true(offers(f, "TLS_AES_128_GCM_SHA256"));
    assert_true(tls_settings_suites(f->ssl, "TLS_AES_256_GCM_SHA384", &f->error));
    assert_false(offers(f, "TLS_AES_128_GCM_SHA256"));
    assert_false(tls_settings_suites(f->ssl, "TLS_AES_256_GCM_SHA384:TLS_AES_TYPO", &f->error));
    assert_non_null(strstr(f->text, "TLS_AES_TYPO"));
}

static void test_trust(void **state)
{
    struct fixture *f = *state;
    struct pki pki;
    struct tls_files files;
    struct tls_bytes bytes, none = {0};
    pki_create(&pki);
    struct pki_path ca = pki_path(&pki, "ca.pem");
    tls_files_init(&files);
    assert_true(tls_files_read(&files, "CA", ca.text, &bytes, &f->error));
    ERR_clear_error();
    assert_true(tls_settings_trust(f->ssl, ca.text, &bytes, true, &f->error));
    assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(f->ssl))),
                     1);
    assert_int_equal(sk_X509_NAME_num(SSL_CTX_get_client_CA_list(f->ssl)), 1);
    tls_files_free_bytes(&bytes);
    pki_write_text(&pki, "empty.pem", "nothing\n");
    struct pki_path empty = pki_path(&pki, "empty.pem");
    assert_true(tls_files_read(&files, "CA", empty.text, &bytes, &f->error));
    ERR_clear_error();
    assert_false(tls_settings_trust(f->ssl, empty.text, &bytes, true, &f->error));
    assert_non_null(strstr(f->text, "client CA file"));
    assert_false(tls_settings_trust(f->ssl, empty.text, &bytes, false, &f->error));
    assert_ptr_equal(strstr(f->text, "CA file"), f->text);
    assert_true(tls_settings_trust(f->ssl, NULL, &none, false, &f->error));
    tls_files_free_bytes(&bytes);
    tls_files_free(&files);
    pki_remove(&pki);
}

static void test_revocation(void **state)
{
    struct fixture *f = *state;
    struct pki pki;
    struct tls_files files;
    struct tls_bytes bytes;
    pki_create(&pki);
    pki_write_crl(&pki, "crl.pem");
    struct pki_path crl = pki_path(&pki, "crl.pem"), ca = pki_path(&pki, "ca.pem");
    tls_files_init(&files);
    assert_true(tls_files_read(&files, "revocation", crl.text, &bytes, &f->error));
    assert_true(tls_settings_revoke(f->ssl, crl.text, &bytes, &f->error));
    X509_STORE *trusted = SSL_CTX_get_cert_store(f->ssl);
    assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(trusted)), 1);
    assert_true(X509_VERIFY_PARAM_get_flags(X509_STORE_get0_param(trusted)) &
                X509_V_FLAG_CRL_CHECK_ALL);
    tls_files_free_bytes(&bytes);
    assert_true(tls_files_read(&files, "revocation", ca.text, &bytes, &f->error));
    assert_false(tls_settings_revoke(f->ssl, ca.text, &bytes, &f->error));
    assert_ptr_equal(strstr(f->text, "revocation file"), f->text);
    tls_files_free_bytes(&bytes);
    tls_files_free(&files);
    pki_remove(&pki);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_common), TEST(test_versions), TEST(test_ciphers),
        TEST(test_suites), TEST(test_trust),    TEST(test_revocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
