/*
 * The method `origin`: the page that asks, as its browser names it in Origin, is one of the list,
 * byte for byte. A request without the field, or with several, is refused.
 *
 * Owns: nothing. Thread: any. Errors: NULL: out of memory. Lifetime: borrows the configuration.
 */
#ifndef WSLUICE_SERVE_AUTH_AUTH_ORIGIN_H
#define WSLUICE_SERVE_AUTH_AUTH_ORIGIN_H

#include "serve/auth/auth_method.h"

WSL_MUST_CHECK struct auth_method *auth_origin_create(const struct config_auth_origin *config);

#endif
