/*
 * Replaces "${NAME}" and "${NAME:-default}" in a text. "$$" is one "$"; before other characters "$"
 * is itself. The values are not expanded again.
 *
 * Owns: nothing. Thread: any. Errors: NULL, with a phrase. Lifetime: the caller frees the result.
 */
#ifndef WSLUICE_CONFIG_YAML_VARIABLES_H
#define WSLUICE_CONFIG_YAML_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>

enum { VARIABLES_TEXT_MAX = 64 << 10 }; /* of the result */

/* NULL: the variable is not set. */
typedef const char *(*variables_lookup)(void *owner, const char *name);

/* *remedy says what to do about an error; static, or NULL. */
char *variables_expand(const char *text, variables_lookup lookup, void *owner, char *why,
                       size_t why_size, const char **remedy);

/* Is the text just one variable without a default? Then it contains no secret itself. */
bool variables_is_one(const char *text);

#endif
