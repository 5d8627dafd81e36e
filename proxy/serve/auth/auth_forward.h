/*
 * The method `forward`: a service decides about each request (core/auth/forward).
 *
 * No verdict is kept: the service sees each request, and may count, delay and end logins. Without
 * an answer in time, or with one that makes no sense, nobody passes.
 *
 * Owns: a reference to its origin; the call of each question that waits. Thread: any; a call has
 * its worker's. Errors: see auth_method.h. Lifetime: its site's; borrows the configuration.
 */
#ifndef WSLUICE_SERVE_AUTH_AUTH_FORWARD_H
#define WSLUICE_SERVE_AUTH_AUTH_FORWARD_H

#include "serve/auth/auth_method.h"

struct http_origin;

/* NULL: out of memory. `origin`: of config->url. */
WSL_MUST_CHECK struct auth_method *auth_forward_create(const struct config_auth_forward *config,
                                                       struct http_origin *origin);

#endif
