/*
 * Reading from a TLS connection: receive, decrypt, and send the replies that TLS itself requires,
 * within bounds on the work that a peer can cause.
 *
 * Owns: nothing. Thread: the connection's. Errors: IO_FAIL (tls_fail.h), after all data before it
 * has been delivered. Lifetime: the connection's.
 */
#ifndef WSLUICE_NET_TLS_TLS_READ_H
#define WSLUICE_NET_TLS_TLS_READ_H

#include "net/tls/tls_priv.h"

/* Before the handshake. */
void tls_read_init(struct tls *tls);

/* As transport_read. */
WSL_MUST_CHECK struct io tls_read_bytes(struct tls *tls, uint8_t *buffer, size_t capacity);

#endif
