/*
 * A name that the option table does not have where it stands: what may its writer have meant?
 *
 * Owns: nothing. Thread: any (pure). Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_STRANGER_H
#define WSLUICE_CONFIG_STRANGER_H

#include <stdbool.h>
#include <stddef.h>

#include "config/options/options.h"

/* Is it promised for a later version? Then nobody has mistyped anything. */
bool stranger_is_reserved(enum options_section section, const char *key);

/* Does it look like the name of a secret? Its value is not to be shown then. */
bool stranger_may_be_secret(const char *key);

/* "did you mean address?", "it belongs into limits", or where to look names up. */
void stranger_remedy(enum options_section section, const char *key, char *buffer, size_t size);

#endif
