/*
 * The certificates of a server, chosen by SNI. The first certificate of the list, and those with
 * other types of key for the same name, are the SSL_CTX's own: a client that sends that name, or
 * none, needs no choice.
 *
 * Owns: references to pairs, the names. Thread: filled by one, then read by any. Errors: false,
 * with the error's line. Lifetime: all zero until tls_certificates_set, to tls_certificates_free,
 * which comes after the SSL_CTX's last handshake.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_CERTIFICATES_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_CERTIFICATES_H

#include "net/tls/context/tls_names.h"
#include "net/tls/context/tls_store.h"

struct tls_certificates {
    struct tls_pair **pairs;
    size_t pair_count;
    struct tls_names names;          /* of the pairs */
    struct tls_names_match standard; /* what the SSL_CTX itself has */
};

/* The SSL_CTX keeps a pointer to `certificates`, which stays where it is. */
WSL_MUST_CHECK bool tls_certificates_set(struct tls_certificates *certificates, SSL_CTX *ssl,
                                         const struct config_tls *config, struct tls_store *store,
                                         const struct tls_error *error);

void tls_certificates_free(struct tls_certificates *certificates);

#endif
