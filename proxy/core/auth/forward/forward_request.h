/*
 * What a service of `forward` is told of a request, by the conventions of nginx's auth_request and
 * of forward_auth in Traefik and Caddy:
 *
 *     X-Forwarded-Method, -Uri         the request, with its query
 *     X-Forwarded-Proto, -Host, -For   client_facts.h
 *     X-Original-Method, -URI, -URL    the same under the names that services behind nginx read
 *     Cookie, Authorization, Origin    as the client sent them; and Accept, Accept-Language,
 *                                      User-Agent, X-Requested-With
 *
 * No other field of the client is passed on, so that it cannot speak in a proxy's name.
 *
 * Pure. Owns: nothing. Thread: any. Errors: those of the text. Lifetime: none.
 */
#ifndef WSLUICE_CORE_AUTH_FORWARD_FORWARD_REQUEST_H
#define WSLUICE_CORE_AUTH_FORWARD_FORWARD_REQUEST_H

#include "core/access/client_facts.h"

void forward_request_write(struct text *fields, const struct client_facts *client);

#endif
