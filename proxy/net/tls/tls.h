/*
 * A TLS connection over a non-blocking socket, as a transport.
 *
 * All ciphertext passes through one scratch that the connections of a worker share. A read receives
 * a large piece at once and decrypts all of it into the caller's buffer; a write encrypts all of
 * the caller's bytes and sends the records together. A connection itself holds only ciphertext that
 * the socket has not taken, and an incomplete record inside OpenSSL.
 *
 * After the handshake, read once without waiting: the first data may have arrived in the segment
 * that ended the handshake, and then the descriptor does not become readable.
 *
 * The peer's end: close_notify is IO_EOF. A FIN without it is IO_EOF from a client: browsers often
 * omit close_notify, and a WebSocket's Close frame tells a complete stream from a cut one. From a
 * target, a raw stream, it is REASON_target_tls: data may be missing (RFC 8446, section 6.1).
 *
 * Owns: the descriptor, an SSL. Thread: the worker's. Errors: IO_FAIL; tls_failure has the detail.
 * Lifetime: transport_close; the scratch outlives its connections.
 */
#ifndef WSLUICE_NET_TLS_TLS_H
#define WSLUICE_NET_TLS_TLS_H

#include "base/transport.h"
#include "net/tls/context/tls_facts.h"
#include "net/tls/tls_scratch.h"

struct tls_ctx;

/*
 * A connection in the role of `ctx`: an accepted client, or a dialled target. *scratch is the
 * loop's; if it is NULL, it is created. NULL: out of memory, and the descriptor stays the caller's.
 */
WSL_MUST_CHECK struct transport *tls_create(const struct tls_ctx *ctx, struct tls_scratch **scratch,
                                            int fd);

/*
 * To a target, before the handshake: the host or address that its certificate must name and SNI
 * sends, instead of the context's. False: out of memory.
 */
WSL_MUST_CHECK bool tls_expect(struct transport *t, const char *name);

/* "TLSv1.3 TLS_AES_128_GCM_SHA256"; empty before the handshake is done. As snprintf. */
int tls_describe(const struct transport *t, char *text, size_t size);

/* The version's number on the wire (0x0304); 0 before the handshake is done. */
int tls_protocol(const struct transport *t);

/* Empty before the handshake is done; the texts live as long as the connection. */
void tls_facts(const struct transport *t, struct tls_facts *facts);

/*
 * The cause of the last IO_FAIL, in OpenSSL's, the system's or our words. Never NULL; of a failed
 * handshake, it lives as long as the connection; else it is static.
 */
const char *tls_failure(const struct transport *t);

#endif
