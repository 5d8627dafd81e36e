/*
 * The method `ticket`: a JSON Web Token in the request (core/ticket).
 *
 * A single-use ticket is used up by a WebSocket request that reaches this method with it. A plain
 * request of the same route, for a page, needs a valid ticket and does not use it up.
 *
 * Owns: the keys. Thread: any. Errors: NULL and one line; auth_required without a ticket,
 * auth_failed with a wrong one, auth_unavailable if there are no keys, or too many used tickets are
 * remembered. Lifetime: borrows the configuration.
 */
#ifndef WSLUICE_SERVE_AUTH_AUTH_TICKET_H
#define WSLUICE_SERVE_AUTH_AUTH_TICKET_H

#include "serve/auth/auth_method.h"

struct ticket_used;

/* `used` outlives the method. */
WSL_MUST_CHECK struct auth_method *auth_ticket_create(const struct config_ticket *config,
                                                      struct ticket_used *used, char *error,
                                                      size_t error_size);

#endif
