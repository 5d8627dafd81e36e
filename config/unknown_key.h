/*
 * A name that the option table does not have where it stands: what may its writer have meant?
 *
 * Owns: nothing. Thread: any (pure). Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_UNKNOWN_KEY_H
#define WSLUICE_CONFIG_UNKNOWN_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "config/options/options.h"

/* Is it promised for a later version? Then nobody has mistyped anything. */
bool unknown_key_is_reserved(enum options_section section, const char *key);

/* Does it look like the name of a secret? Its value is not to be shown then. */
bool unknown_key_may_be_secret(const char *key);

/* "did you mean address?", "it belongs into limits", or where to look names up. */
void unknown_key_remedy(enum options_section section, const char *key, char *buffer, size_t size);

#endif
