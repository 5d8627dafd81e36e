/*
 * Base64, RFC 4648, strict: no white space, no stray bits. That of section 4 needs its padding;
 * that of section 5, for URLs and JSON Web Tokens, has none.
 *
 * Owns: nothing. Thread: any. Errors: -1. Lifetime: none.
 */
#ifndef WSLUICE_CODEC_B64_H
#define WSLUICE_CODEC_B64_H

#include "base/base.h"

#define B64_ENCODED(n) (((n) + 2) / 3 * 4)

/* Writes B64_ENCODED(length) characters, no NUL. */
size_t b64_encode(char *out, const uint8_t *bytes, size_t length);

/* Returns the number of bytes, or -1 when the text is not base64 or does not fit. */
WSL_MUST_CHECK long b64_decode(uint8_t *out, size_t capacity, struct slice text);

/* Section 5: "-" and "_" instead of "+" and "/", no padding. */
#define B64_URL_ENCODED(n) (((n)*4 + 2) / 3)

size_t b64_url_encode(char *out, const uint8_t *bytes, size_t length);
WSL_MUST_CHECK long b64_url_decode(uint8_t *out, size_t capacity, struct slice text);

#endif
