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
 * Receives once, behind the early bytes if there are any, so that scratch.in has at most `limit`.
 * IO_OK and IO_WANT_READ speak of the socket alone.
 */
WSL_MUST_CHECK struct io tls_socket_receive(struct tls *tls, size_t limit);

/* Sends scratch.out, and keeps in `unsent` what the socket does not take: then `blocked` is set. */
struct io tls_socket_send(struct tls *tls);

/* Sends `unsent`. IO_WANT_WRITE: some is left. */
WSL_MUST_CHECK struct io tls_socket_flush(struct tls *tls);

#endif
