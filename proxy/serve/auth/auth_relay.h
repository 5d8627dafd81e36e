/*
 * The answer of a service as that of wsluice: status, Location, Set-Cookie, WWW-Authenticate,
 * Retry-After, Content-Type and Cache-Control, and the body. A Location that is neither relative
 * nor of http or https (javascript:, data:) is left out.
 *
 * Owns: copies of all of it. Thread: any. Errors: NULL: out of memory. Lifetime: auth_reply's.
 */
#ifndef WSLUICE_SERVE_AUTH_AUTH_RELAY_H
#define WSLUICE_SERVE_AUTH_AUTH_RELAY_H

#include "codec/http/answer/http_answer.h"
#include "serve/auth/auth_method.h"

WSL_MUST_CHECK struct auth_reply *auth_relay_create(const struct http_answer *answer,
                                                    struct slice body);

#endif
