/*
 * The method `certificate`: the client's TLS certificate, which the listener has verified, has one
 * of the names, or one of the keys, that the configuration lists; if it lists both, one of each.
 * The user is the name that matched.
 *
 * Owns: nothing. Thread: any. Errors: NULL: out of memory. Lifetime: borrows the configuration.
 */
#ifndef WSLUICE_SERVE_AUTH_AUTH_CERTIFICATE_H
#define WSLUICE_SERVE_AUTH_AUTH_CERTIFICATE_H

#include "serve/auth/auth_method.h"

WSL_MUST_CHECK struct auth_method *
auth_certificate_create(const struct config_auth_certificate *config);

#endif
