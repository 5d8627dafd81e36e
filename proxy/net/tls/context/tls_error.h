/*
 * Why TLS cannot be set up, as one line for the administrator: where it is configured, the file,
 * the problem, the remedy.
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: borrows the place and the buffer.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_ERROR_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_ERROR_H

#include "base/base.h"
#include "config/model/config.h"

struct tls_error {
    const struct config_place *place; /* NULL: the line begins without one */
    char *text;
    size_t size;
};

/* Always false, so that it can be returned. */
bool tls_error_set(const struct tls_error *error, const char *format, ...) WSL_PRINTF(2, 3);

/* In OpenSSL's words, or the system's; static. */
const char *tls_error_openssl(void);

#endif
