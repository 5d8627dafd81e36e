#include "net/tls/context/tls_settings.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "net/tls/context/tls_facts.h"

/*
 * TLS 1.2: forward secrecy and AEAD only (RFC 9325, section 4.2). All suites of TLS 1.3 have both,
 * so OpenSSL's default stays.
 */
#define CIPHERS_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"
/* TLS 1.1 has no AEAD. */
#define CIPHERS_1_1 CIPHERS_1_2 ":ECDHE+AES"

bool tls_settings_version(SSL_CTX *ssl, enum config_tls_version minimum)
{
    /* TLS 1.1 signs with MD5 and SHA-1, which OpenSSL 3 allows on security level 0 only. */
    if (minimum < CONFIG_TLS_1_2)
        SSL_CTX_set_security_level(ssl, 0);
    return SSL_CTX_set_min_proto_version(ssl, (int)minimum) == 1;
}

bool tls_settings_ciphers(SSL_CTX *ssl, const char *ciphers, enum config_tls_version minimum,
                          const struct tls_error *error)
{
    if (!ciphers)
        ciphers = minimum < CONFIG_TLS_1_2 ? CIPHERS_1_1 : CIPHERS_1_2;
    if (SSL_CTX_set_cipher_list(ssl, ciphers) == 1)
        return true;
    return tls_error_set(
        error,
        "cipher list '%s' has no usable TLS 1.2 suite; see openssl-ciphers(1), and leave "
        "out TLS 1.3 suites: they are always on",
        ciphers);
}

/* OpenSSL ignores names that it does not know: counting reveals a typing error. */
bool tls_settings_suites(SSL_CTX *ssl, const char *suites, const struct tls_error *error)
{
    if (!suites)
        return true;
    int named = 1, known = 0;
    for (const char *at = suites; *at; at++)
        named += *at == ':';
    bool set = SSL_CTX_set_ciphersuites(ssl, suites) == 1;
    const STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ssl);
    for (int i = 0; i < sk_SSL_CIPHER_num(all); i++)
        known += strcmp(SSL_CIPHER_get_version(sk_SSL_CIPHER_value(all, i)), "TLSv1.3") == 0;
    if (set && named == known)
        return true;
    return tls_error_set(error,
                         "suite list '%s' has a name that is no TLS 1.3 suite; see the TLS 1.3 "
                         "section of openssl-ciphers(1), and put TLS 1.2 suites in 'ciphers'",
                         suites);
}

/* `announce`: also to the list of CA names that a server sends to clients. */
static bool add_trusted(SSL_CTX *ssl, const struct tls_bytes *bytes, bool announce)
{
    BIO *file = BIO_new_mem_buf(bytes->data, (int)bytes->length);
    X509_STORE *trusted = SSL_CTX_get_cert_store(ssl);
    X509 *next;
    unsigned count = 0;
    bool added = file != NULL;
    while (added && (next = PEM_read_bio_X509_AUX(file, NULL, NULL, NULL))) {
        added = X509_STORE_add_cert(trusted, next) == 1 &&
                (!announce || SSL_CTX_add_client_CA(ssl, next) == 1);
        X509_free(next);
        count++;
    }
    BIO_free(file);
    return added && count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

static bool parse_extensions(SSL_CTX *ssl, const struct tls_error *error)
{
    STACK_OF(X509) *trusted = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(ssl));
    bool parsed = trusted != NULL;
    for (int i = 0; parsed && i < sk_X509_num(trusted); i++)
        parsed = tls_facts_parse(sk_X509_value(trusted, i));
    sk_X509_pop_free(trusted, X509_free);
    return parsed || tls_error_set(error, "CA certificates cannot be used: out of memory");
}

bool tls_settings_trust(SSL_CTX *ssl, const char *path, const struct tls_bytes *bytes,
                        bool announce, const struct tls_error *error)
{
    if (!path && SSL_CTX_set_default_verify_paths(ssl) == 1)
        return parse_extensions(ssl, error);
    if (!path)
        return tls_error_set(error, "the system's CA certificates cannot be used: %s",
                             tls_error_openssl());
    if (add_trusted(ssl, bytes, announce))
        return parse_extensions(ssl, error);
    return tls_error_set(error, "%s file '%s' holds no certificate in PEM format: %s",
                         announce ? "client CA" : "CA", path, tls_error_openssl());
}

bool tls_settings_revoke(SSL_CTX *ssl, const char *path, const struct tls_bytes *bytes,
                         const struct tls_error *error)
{
    BIO *file = BIO_new_mem_buf(bytes->data, (int)bytes->length);
    X509_STORE *trusted = SSL_CTX_get_cert_store(ssl);
    X509_CRL *next;
    unsigned count = 0;
    bool added = file != NULL;
    while (added && (next = PEM_read_bio_X509_CRL(file, NULL, NULL, NULL))) {
        added = X509_STORE_add_crl(trusted, next) == 1;
        X509_CRL_free(next);
        count++;
    }
    BIO_free(file);
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    unsigned long all = X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    if (added && count > 0 && ended && X509_STORE_set_flags(trusted, all) == 1) {
        ERR_clear_error();
        return true;
    }
    return tls_error_set(error, "revocation file '%s' holds no list in PEM format: %s", path,
                         tls_error_openssl());
}

bool tls_settings_common(SSL_CTX *ssl)
{
    /* Renegotiation lets a peer cause work without end, and replace the session's keys. */
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_clear_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
    /* net/tls collects records and sends them together: OpenSSL never sees a partial write. */
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(ssl, 0);
    /* Tickets hold the sessions; a cache would need a lock that all workers share. */
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    char groups[] = "X25519:P-256:P-384";
    return SSL_CTX_set1_groups_list(ssl, groups) == 1;
}
