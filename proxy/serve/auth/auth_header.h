/*
 * The method `header`: the user's name in a header field of a trusted proxy, which has
 * authenticated the user. The field counts only if the request came from trusted_proxies.
 *
 * Owns: nothing. Thread: any. Errors: NULL: out of memory. Lifetime: borrows the configuration.
 */
#ifndef WSLUICE_SERVE_AUTH_AUTH_HEADER_H
#define WSLUICE_SERVE_AUTH_AUTH_HEADER_H

#include "serve/auth/auth_method.h"

WSL_MUST_CHECK struct auth_method *auth_header_create(const struct config_auth_header *config);

#endif
