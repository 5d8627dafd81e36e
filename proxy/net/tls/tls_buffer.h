/*
 * Ciphertext that a connection keeps between calls. There is as much memory as there are bytes, and
 * none while it is empty: thousands of stalled clients have one each.
 *
 * Owns: the bytes. Thread: the connection's. Errors: false: out of memory, and it stays as it is.
 * Lifetime: all zero is empty, to tls_buffer_clear.
 */
#ifndef WSLUICE_NET_TLS_TLS_BUFFER_H
#define WSLUICE_NET_TLS_TLS_BUFFER_H

#include "base/base.h"

struct tls_buffer {
    uint8_t *bytes;
    uint32_t at, end;
};

bool tls_buffer_is_empty(const struct tls_buffer *buffer);
void tls_buffer_clear(struct tls_buffer *buffer);
WSL_MUST_CHECK bool tls_buffer_append(struct tls_buffer *buffer, const uint8_t *bytes,
                                      size_t length);

#endif
