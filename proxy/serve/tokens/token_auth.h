/*
 * The source tokens.auth: the token is the target that the route's auth has found, as a claim of a
 * ticket or a field of a service's answer names it. Only its form is checked here; as with other
 * sources, the permit decides when it is connected to.
 *
 * Owns: nothing. Thread: any. Errors: NULL: out of memory; token_source. Lifetime:
 * token_source_release.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_AUTH_H
#define WSLUICE_SERVE_TOKENS_TOKEN_AUTH_H

#include "serve/tokens/token_source.h"

WSL_MUST_CHECK struct token_source *token_auth_create(char *error, size_t error_size);

#endif
