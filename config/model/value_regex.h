/*
 * The regular expression of a value, for programs that check a file without the loader. It matches
 * every text that value_parse accepts, and few others. Both dialects read it as the same: POSIX
 * extended, as unit tests use, and ECMA 262 with its flag u, as JSON Schema has it. So it has no
 * look-ahead, no \d, and no ']' in brackets.
 *
 * Owns: nothing. Thread: any (pure). Errors: without memory the text has failed. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_MODEL_VALUE_REGEX_H
#define WSLUICE_CONFIG_MODEL_VALUE_REGEX_H

#include "base/text/text.h"
#include "config/model/value.h"

/* Of all but the word for 0. */
void value_regex_put(const struct value_spec *spec, struct text *regex);

#endif
