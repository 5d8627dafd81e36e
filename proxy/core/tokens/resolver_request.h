/*
 * The request about a token to a service: its URL, and what it is told of the client.
 *
 *     GET /desk?name=TOKEN
 *     X-Forwarded-For, -Proto, -Host   (client_facts.h)
 *     Origin                           of the page, if the client sends one
 *     Remote-User                      the name that the client has logged in with, if it has one
 *
 * Pure. Owns: nothing. Thread: any. Errors: false. Lifetime: the texts are the caller's.
 */
#ifndef WSLUICE_CORE_TOKENS_RESOLVER_REQUEST_H
#define WSLUICE_CORE_TOKENS_RESOLVER_REQUEST_H

#include "core/access/client_facts.h"

struct resolver_request {
    struct client_facts client;
    struct slice token, user; /* user: ptr NULL: none */
};

/*
 * Writes both texts; the target ends with a NUL if it is taken. False: no service is asked about
 * this token, because it would change the path: it is empty, "." or "..".
 */
WSL_MUST_CHECK bool resolver_request_write(const struct resolver_request *request,
                                           const char *template, struct text *target,
                                           struct text *fields);

#endif
