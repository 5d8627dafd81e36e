/*
 * Ciphertext between a TLS connection's socket and its scratch.
 *
 * Owns: nothing. Thread: the connection's. Errors: IO_FAIL (tls_fail.h). Lifetime: the
 * connection's.
 */
#ifndef WSLUICE_NET_TLS_TLS_SOCKET_H
#define WSLUICE_NET_TLS_TLS_SOCKET_H

#include "net/tls/tls_priv.h"

/*
 * Fills scratch.in with the early bytes, if any, and receives once behind them; at most `limit` in
 * all. The status is that of the receive.
 */
WSL_MUST_CHECK struct io tls_socket_receive(struct tls *tls, size_t limit);

/* Sends scratch.out. `blocked`: the socket did not take all, and `unsent` keeps the rest. */
struct io tls_socket_send(struct tls *tls);

/* Sends `unsent`. IO_WANT_WRITE: some of it is left. */
WSL_MUST_CHECK struct io tls_socket_flush(struct tls *tls);

#endif
