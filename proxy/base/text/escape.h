/*
 * How a byte stands inside the quotes of a JSON text (RFC 8259 section 7).
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_BASE_TEXT_ESCAPE_H
#define WSLUICE_BASE_TEXT_ESCAPE_H

#include "base/base.h"

#define ESCAPE_MAX 7 /* \u00NN and a NUL */

/*
 * Quotes and backslashes, control characters, and all that is not ASCII leave as an escape: a byte
 * of no character is then the character of that number. Returns the length.
 */
size_t escape_json(char out[static ESCAPE_MAX], unsigned char byte);

#endif
