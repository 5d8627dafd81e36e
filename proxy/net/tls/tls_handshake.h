/*
 * The handshake of a TLS connection, as far as the socket allows. Data that came with the peer's
 * last message is kept in `early` for the first read.
 *
 * Owns: nothing. Thread: the connection's. Errors: IO_FAIL (tls_fail.h); OpenSSL's fatal alert is
 * sent before, if the socket takes it at once. Lifetime: the connection's.
 */
#ifndef WSLUICE_NET_TLS_TLS_HANDSHAKE_H
#define WSLUICE_NET_TLS_TLS_HANDSHAKE_H

#include "net/tls/tls_priv.h"

WSL_MUST_CHECK struct io tls_handshake_run(struct tls *tls);

#endif
