/*
 * Ciphertext on its way between a socket and OpenSSL: one buffer for each direction, which all TLS
 * connections of a worker share, and the BIO that OpenSSL reads and writes them through.
 *
 *   in    the socket's bytes, from in_at on still unread by OpenSSL
 *   out   records that OpenSSL has made, not yet sent
 *
 * Owns: both buffers. Thread: the worker's. Errors: create returns NULL; a write that does not fit
 * fails in OpenSSL. Lifetime: tls_scratch_create to tls_scratch_free; outlives its connections.
 */
#ifndef WSLUICE_NET_TLS_TLS_SCRATCH_H
#define WSLUICE_NET_TLS_TLS_SCRATCH_H

#include <openssl/bio.h>

#include "base/base.h"

/* The most that one write may offer: a buffer of 256 KiB and a frame header. */
#define TLS_WRITE_MAX ((size_t)256 * 1024 + 64)

/* What one receive takes: large enough for few system calls, small enough to bound its records. */
#define TLS_SCRATCH_IN ((size_t)64 * 1024)

/*
 * A record costs 29 bytes with AEAD and at most 90 with CBC; the smallest that a peer can ask for
 * holds 512 (RFC 6066, section 4): 514 of them stay below 64 KiB, replies included.
 */
#define TLS_SCRATCH_OUT (TLS_WRITE_MAX + (size_t)64 * 1024)

/* Shared by all TLS connections of one worker; empty between any two calls. */
struct tls_scratch {
    BIO_METHOD *method;
    size_t in_at, in_end;
    size_t out_end;
    uint8_t in[TLS_SCRATCH_IN];
    uint8_t out[TLS_SCRATCH_OUT];
};

WSL_MUST_CHECK struct tls_scratch *tls_scratch_create(void); /* NULL: out of memory */
void tls_scratch_free(struct tls_scratch *scratch);          /* NULL is fine */

#endif
