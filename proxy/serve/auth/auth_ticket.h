/*
 * The method `ticket`: a JSON Web Token in the request (core/ticket).
 *
 * A single-use ticket is used up by a WebSocket request that reaches this method with it. A plain
 * request of the same route, for a page, needs a valid ticket and does not use it up.
 *
 * Keys behind a URL may have to be fetched first: then the request waits.
 *
 * Owns: the keys. Thread: any. Errors: NULL and one line; auth_required without a ticket,
 * auth_failed with a wrong one, auth_unavailable if there are no keys, or too many used tickets are
 * remembered. Lifetime: borrows the configuration.
 */
#ifndef WSLUICE_SERVE_AUTH_AUTH_TICKET_H
#define WSLUICE_SERVE_AUTH_AUTH_TICKET_H

#include "serve/auth/auth_method.h"

struct http_origin;
struct ticket_key_urls;
struct ticket_used;

/* What methods share, which outlives them. */
struct auth_ticket_shared {
    struct ticket_used *used;
    struct ticket_key_urls *urls; /* for keys behind a URL, as is `origin` */
    struct http_origin *origin;
};

WSL_MUST_CHECK struct auth_method *auth_ticket_create(const struct config_ticket *config,
                                                      const struct auth_ticket_shared *shared,
                                                      char *error, size_t error_size);

#endif
