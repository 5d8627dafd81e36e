/*
 * The method `basic`: user and password in the Authorization field (RFC 7617), as browsers, curl
 * and WebSocket libraries send them, against a users file (users/password_check.h).
 *
 * Owns: its hold on the users file, the challenge. Thread: any; a question has its worker's.
 * Errors: NULL and one line. Lifetime: its site's.
 */
#ifndef WSLUICE_SERVE_AUTH_AUTH_BASIC_H
#define WSLUICE_SERVE_AUTH_AUTH_BASIC_H

#include "serve/auth/auth_method.h"

struct auth_shared;

WSL_MUST_CHECK struct auth_method *auth_basic_create(const struct config_auth_basic *config,
                                                     struct auth_shared *shared, char *error,
                                                     size_t error_size);

#endif
