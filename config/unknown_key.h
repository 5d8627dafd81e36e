/*
 * Suggestions for a key that is not in the option table at its place.
 *
 * Owns: nothing. Thread: any (pure). Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_UNKNOWN_KEY_H
#define WSLUICE_CONFIG_UNKNOWN_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "config/options/options.h"

/* Is it similar to the name of a secret? Then its value must not be shown. */
bool unknown_key_may_be_secret(const char *key);

/* "did you mean address?", "move it to limits", or where names are listed. */
void unknown_key_remedy(enum options_section section, const char *key, char *buffer, size_t size);

#endif
