/*
 * Pins: the keys that a peer's certificate may have. A pin is the SHA-256 of the key's
 * SubjectPublicKeyInfo, written as "sha256//" and base64. A renewed certificate with the same key
 * has the same pin.
 *
 * Owns: copies of the pins, and the texts of faults. Thread: made on one, used by any.
 * Errors: false or NULL: out of memory. Lifetime: tls_pins_create to tls_pins_free, after the last
 * handshake of the contexts that have them.
 */
#ifndef WSLUICE_NET_TLS_TRUST_TLS_PINS_H
#define WSLUICE_NET_TLS_TRUST_TLS_PINS_H

#include <openssl/ssl.h>

#include "base/base.h"

struct config_texts;

#define TLS_PINS_TEXT 53 /* "sha256//", 44 characters of base64, NUL */

/* Of the certificate's key. */
WSL_MUST_CHECK bool tls_pins_of(const X509 *certificate, char pin[static TLS_PINS_TEXT]);

/* False: its key is none of them, or memory is out. */
WSL_MUST_CHECK bool tls_pins_has(const struct config_texts *pins, const X509 *certificate);

struct tls_pins;

WSL_MUST_CHECK struct tls_pins *tls_pins_create(const struct config_texts *texts);
void tls_pins_free(struct tls_pins *pins); /* NULL is fine */

/*
 * Servers that the context connects to must have one of the keys, and pass OpenSSL's verification;
 * `alone`: the key is all that is verified. Replaces the context's mode of verification.
 */
void tls_pins_demand(SSL_CTX *ctx, struct tls_pins *pins, bool alone);

/*
 * Which key the server had instead, if that has ended the handshake; NULL: it has not. It lives in
 * the SSL's application data, until tls_pins_release.
 */
const char *tls_pins_fault(const SSL *ssl);

/* Before SSL_free, whether it has a fault or not. */
void tls_pins_release(SSL *ssl);

#endif
