/*
 * What wsluice tells another HTTP service of a client, as fields of a request: the conventions of
 * nginx's auth_request, Traefik and Caddy. A client's own fields of these names are never passed
 * on: what they say is what wsluice knows.
 *
 *     X-Forwarded-For      the address of the client, as trusted proxies name it
 *     X-Forwarded-Proto    https or http
 *     X-Forwarded-Host     the Host of the request
 *
 * Pure. Owns: nothing. Thread: any. Errors: those of the text. Lifetime: none.
 */
#ifndef WSLUICE_CORE_ACCESS_CLIENT_FACTS_H
#define WSLUICE_CORE_ACCESS_CLIENT_FACTS_H

#include "base/text/text.h"
#include "codec/http/http_head.h"
#include "core/access/client_address.h"

struct client_facts {
    const struct http_head *head;
    const struct client_address *client;
    bool secure; /* over TLS, here or at a trusted proxy */
};

void client_facts_write(struct text *out, const struct client_facts *facts);

/* "Name: value" and its end. Bytes that a field cannot have become "?". */
void client_facts_add(struct text *out, const char *name, struct slice value);

/* Each field of that name, as the client sent it. */
void client_facts_copy(struct text *out, const struct http_head *head, const char *name);

#endif
