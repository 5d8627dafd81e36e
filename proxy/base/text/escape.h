/*
 * A byte inside the quotes of a JSON string (RFC 8259 section 7).
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_BASE_TEXT_ESCAPE_H
#define WSLUICE_BASE_TEXT_ESCAPE_H

#include "base/base.h"

#define ESCAPE_MAX 7 /* \u00NN and a NUL */

/*
 * Writes quotes, backslashes, control characters and bytes beyond ASCII as an escape; the latter as
 * the character with that number. Returns the length.
 */
size_t escape_json(char out[static ESCAPE_MAX], unsigned char byte);

#endif
