/*
 * Facts about the peer of a TLS connection, for logs, routes and PROXY headers.
 *
 * Owns: nothing. Thread: the connection's. Errors: unknown facts are NULL or empty.
 * Lifetime: the texts that are pointers live as long as the connection.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_FACTS_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_FACTS_H

#include <openssl/types.h>

#include "base/base.h"

#define TLS_FACTS_NAME_MAX 257 /* 64 characters (RFC 5280, ub-common-name) of UTF-8, and a NUL */

struct tls_facts {
    const char *server_name; /* the client's SNI, as sent */
    const char *version;     /* "TLSv1.3" */
    const char *cipher;      /* "TLS_AES_128_GCM_SHA256" */
    struct slice alpn;
    const X509 *peer;  /* its certificate, as long as the connection; NULL: none */
    bool certificate;  /* the peer presented one, now or in the session that it resumed */
    bool verified;     /* and it is valid */
    int64_t not_after; /* its end of validity without the chain's, in Unix time */
    char common_name[TLS_FACTS_NAME_MAX]; /* of its subject */
};

/* The handshake is done. */
void tls_facts_of(const SSL *ssl, struct tls_facts *facts);

/*
 * The most specific common name of the subject, as UTF-8. Empty: none, too long, or with control
 * characters, which could forge lines of a log.
 */
void tls_facts_common_name(const X509 *certificate, char *name, size_t size);

/*
 * Lets OpenSSL parse the extensions. It does so once, when it first needs them, and remembers a
 * failure, too: if memory ran out in a handshake, the certificate would be unusable from then on.
 * False: out of memory. True even for extensions that are invalid.
 */
WSL_MUST_CHECK bool tls_facts_parse(X509 *certificate);

/* Unix time; 0: invalid. */
int64_t tls_facts_time(const ASN1_TIME *time);

#endif
