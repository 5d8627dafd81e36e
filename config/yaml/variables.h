/*
 * "${NAME}" and "${NAME:-default}" in a text. "$$" is one "$"; a "$" before anything else is
 * itself. What is put in is not looked at again.
 *
 * Owns: nothing. Thread: any. Errors: NULL, with a phrase. Lifetime: the result is the caller's to
 * free.
 */
#ifndef WSLUICE_CONFIG_YAML_VARIABLES_H
#define WSLUICE_CONFIG_YAML_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>

enum { VARIABLES_TEXT_MAX = 64 << 10 }; /* of the result */

/* NULL: the variable is not set. */
typedef const char *(*variables_lookup)(void *owner, const char *name);

/* *remedy says what to do about it, and is static. */
char *variables_expand(const char *text, variables_lookup lookup, void *owner, char *why,
                       size_t why_size, const char **remedy);

/* Is the text one variable without a default, and nothing else? Then it holds no secret itself. */
bool variables_is_one(const char *text);

#endif
