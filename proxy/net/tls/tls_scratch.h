/*
 * Ciphertext between a socket and OpenSSL: one buffer per direction, shared by all TLS connections
 * of a worker, and the BIO through which OpenSSL reads and writes them. All connections have that
 * one BIO: it knows only the buffers, and no call of OpenSSL is under way while another one begins.
 *
 *   in    received bytes; OpenSSL has read those before in_at
 *   out   records that OpenSSL has written, not yet sent
 *
 * Owns: both buffers. Thread: the worker's. Errors: create returns NULL; a write that does not fit
 * fails in OpenSSL. Lifetime: tls_scratch_create to tls_scratch_free; outlives its connections.
 */
#ifndef WSLUICE_NET_TLS_TLS_SCRATCH_H
#define WSLUICE_NET_TLS_TLS_SCRATCH_H

#include <openssl/bio.h>

#include "base/base.h"

/* The largest write: a buffer of 256 KiB and a frame header. */
#define TLS_WRITE_MAX ((size_t)256 * 1024 + 64)

/* The largest receive: few system calls for bulk, and a bound on the records of one piece. */
#define TLS_SCRATCH_IN ((size_t)64 * 1024)

/*
 * A record adds 29 bytes with AEAD and at most 90 with CBC; the smallest that a peer can negotiate
 * holds 512 (RFC 6066, section 4): the overhead of 514 of them, and replies, are below 64 KiB.
 */
#define TLS_SCRATCH_OUT (TLS_WRITE_MAX + (size_t)64 * 1024)

/* Empty between calls. */
struct tls_scratch {
    BIO_METHOD *method;
    BIO *bio; /* has the method; each connection holds a reference */
    size_t in_at, in_end;
    size_t out_end;
    uint8_t in[TLS_SCRATCH_IN];
    uint8_t out[TLS_SCRATCH_OUT];
};

WSL_MUST_CHECK struct tls_scratch *tls_scratch_create(void); /* NULL: out of memory */
void tls_scratch_free(struct tls_scratch *scratch);          /* NULL is fine */

#endif
