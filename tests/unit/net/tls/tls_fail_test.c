/* The reason and the words of each failure, in both roles. */
#include "net/tls/tls_fail.h"

#include <errno.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect(const struct tls *tls, struct io io, enum reason reason, const char *words)
{
    assert_int_equal(io.status, IO_FAIL);
    assert_string_equal(reason_row((enum reason)io.reason)->name, reason_row(reason)->name);
    assert_string_equal(tls->failure, words);
}

static struct tls tls_in_role(bool is_server)
{
    return (struct tls){.role = tls_fail_role(is_server)};
}

static void test_an_errno_is_of_the_peer(void **unused)
{
    struct tls server = tls_in_role(true), client = tls_in_role(false);
    expect(&server, tls_fail_errno(&server, ECONNRESET), REASON_client_reset, strerror(ECONNRESET));
    expect(&client, tls_fail_errno(&client, ECONNRESET), REASON_target_reset, strerror(ECONNRESET));
    assert_int_equal(server.broken, REASON_none);
}

static void test_openssl_before_and_after_the_handshake(void **unused)
{
    struct tls server = tls_in_role(true), client = tls_in_role(false);
    assert_int_equal(OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL), 1);
    ERR_clear_error();
    ERR_raise(ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER);
    expect(&server, tls_fail_openssl(&server), REASON_tls_handshake, "wrong version number");
    assert_int_equal(server.broken, REASON_tls_handshake);
    assert_int_equal(ERR_peek_error(), 0);
    server.established = true;
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
    ERR_raise(ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER); /* the last entry counts */
    expect(&server, tls_fail_openssl(&server), REASON_client_io, "wrong version number");
    expect(&client, tls_fail_openssl(&client), REASON_target_tls, "TLS failed"); /* no entry */
}

static void test_a_missing_certificate(void **unused)
{
    struct tls server = tls_in_role(true);
    ERR_raise(ERR_LIB_SSL, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE);
    expect(&server, tls_fail_openssl(&server), REASON_tls_certificate,
           "peer did not return a certificate");
}

/* The words are those of the verification, not of the handshake that it ended. */
static void test_an_untrusted_certificate(void **unused)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    struct tls client = tls_in_role(false);
    client.ssl = SSL_new(ctx);
    assert_non_null(client.ssl);
    SSL_set_verify_result(client.ssl, X509_V_ERR_CERT_HAS_EXPIRED);
    ERR_raise(ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED);
    expect(&client, tls_fail_openssl(&client), REASON_target_untrusted, "certificate has expired");
    SSL_free(client.ssl);
    SSL_CTX_free(ctx);
}

/* OpenSSL reports a lack of memory before the failure that it causes. */
static void test_out_of_memory(void **unused)
{
    struct tls server = tls_in_role(true);
    ERR_clear_error();
    ERR_raise(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE);
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
    expect(&server, tls_fail_openssl(&server), REASON_out_of_memory, "out of memory");
    assert_int_equal(server.broken, REASON_out_of_memory);
    ERR_clear_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_errno_is_of_the_peer),
        cmocka_unit_test(test_openssl_before_and_after_the_handshake),
        cmocka_unit_test(test_a_missing_certificate),
        cmocka_unit_test(test_an_untrusted_certificate),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
