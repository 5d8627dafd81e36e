/*
 * The settings of an SSL_CTX: versions, ciphers, trust, and those that both roles share.
 *
 * Owns: nothing. Thread: one for each SSL_CTX. Errors: false, with a line in `error`; without that
 * parameter, in OpenSSL's queue. Lifetime: none.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_SETTINGS_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_SETTINGS_H

#include <openssl/ssl.h>

#include "config/model/config.h"
#include "net/tls/context/tls_files.h"

/* For servers and clients. */
WSL_MUST_CHECK bool tls_settings_common(SSL_CTX *ssl);

WSL_MUST_CHECK bool tls_settings_version(SSL_CTX *ssl, enum config_tls_version minimum);

/* Up to TLS 1.2. `ciphers` NULL: the default for the minimum version. */
WSL_MUST_CHECK bool tls_settings_ciphers(SSL_CTX *ssl, const char *ciphers,
                                         enum config_tls_version minimum,
                                         const struct tls_error *error);

/* Of TLS 1.3. `suites` NULL: OpenSSL's default. */
WSL_MUST_CHECK bool tls_settings_suites(SSL_CTX *ssl, const char *suites,
                                        const struct tls_error *error);

/*
 * The CA certificates that verify peers. `path` NULL: the system's; else `bytes` are its contents.
 * `announce`: a server sends their names to clients, which choose a certificate by them.
 */
WSL_MUST_CHECK bool tls_settings_trust(SSL_CTX *ssl, const char *path,
                                       const struct tls_bytes *bytes, bool announce,
                                       const struct tls_error *error);

/* The contents of a file of revocation lists: from now on each authority needs one. */
WSL_MUST_CHECK bool tls_settings_revoke(SSL_CTX *ssl, const char *path,
                                        const struct tls_bytes *bytes,
                                        const struct tls_error *error);

#endif
