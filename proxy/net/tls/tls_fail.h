/*
 * How a TLS connection fails: the reason of its role, and a line of detail for tls_failure.
 *
 * Owns: nothing; details are static, or the SSL's. Thread: the connection's. Errors: each returns
 * IO_FAIL. Lifetime: the connection's.
 */
#ifndef WSLUICE_NET_TLS_TLS_FAIL_H
#define WSLUICE_NET_TLS_TLS_FAIL_H

#include "net/tls/tls_priv.h"

const struct tls_role *tls_fail_role(bool is_server);

struct io tls_fail_with(struct tls *tls, enum reason reason, const char *detail);
struct io tls_fail_errno(struct tls *tls, int error);

/* After these two, nothing can be encrypted. */
struct io tls_fail_memory(struct tls *tls);
struct io tls_fail_openssl(struct tls *tls); /* empties OpenSSL's error queue */

#endif
