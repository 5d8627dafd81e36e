/*
 * A certificate with its chain and its private key, read from PEM and checked for a match.
 *
 * Owns: OpenSSL's objects. Thread: made on one, then read by any; the count is atomic.
 * Errors: tls_pair_parse returns NULL and fills one line. Lifetime: counted; contexts and
 * connections that use the pair hold their own references to OpenSSL's objects.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_PAIR_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_PAIR_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "net/tls/context/tls_files.h"

#define TLS_PAIR_DIGEST 32

struct tls_pair {
    atomic_uint references;
    unsigned char digest[TLS_PAIR_DIGEST]; /* of files and password (tls_pair_digest) */
    X509 *certificate;
    EVP_PKEY *key;
    STACK_OF(X509) * chain;        /* without the certificate */
    int64_t not_before, not_after; /* Unix time; the validity of the whole chain */
};

/* `key`: the bytes of the key's file, which may be the certificate's. False: out of memory. */
WSL_MUST_CHECK bool tls_pair_digest(const struct config_certificate *config,
                                    const struct tls_bytes *certificate,
                                    const struct tls_bytes *key, unsigned char *digest);

WSL_MUST_CHECK struct tls_pair *tls_pair_parse(const struct config_certificate *config,
                                               const struct tls_bytes *certificate,
                                               const struct tls_bytes *key,
                                               const struct tls_error *error);
struct tls_pair *tls_pair_retain(struct tls_pair *pair);
void tls_pair_release(struct tls_pair *pair); /* NULL is fine */

/* False: OpenSSL refuses it, and its queue says why. */
WSL_MUST_CHECK bool tls_pair_use(const struct tls_pair *pair, SSL_CTX *ssl);
WSL_MUST_CHECK bool tls_pair_use_once(const struct tls_pair *pair, SSL *ssl);

/* Whether the bytes begin with its certificate. */
WSL_MUST_CHECK bool tls_pair_is_of(const struct tls_pair *pair,
                                   const struct tls_bytes *certificate);

/* The NID of the key's type; a name may have one certificate per type. */
int tls_pair_key_type(const struct tls_pair *pair);

/*
 * The names of a server's certificate: of its subjectAltName, or without one its common name. Stops
 * with false when `add` returns false.
 */
bool tls_pair_names(const struct tls_pair *pair, bool (*add)(void *owner, const char *name),
                    void *owner);

#endif
