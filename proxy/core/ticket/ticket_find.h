/*
 * Finds the ticket in a request. The configuration names the places (routes[].auth[].ticket.from):
 * "header" is the Authorization field with the scheme Bearer (RFC 6750 section 2.1), the others are
 * those of tokens (token_find.h).
 *
 * Pure. Owns: nothing. Thread: any. Errors: see the verdict. Lifetime: the ticket lies in `out`.
 */
#ifndef WSLUICE_CORE_TICKET_TICKET_FIND_H
#define WSLUICE_CORE_TICKET_TICKET_FIND_H

#include "core/tokens/token_find.h"

/* In the first of the places that has one. */
WSL_MUST_CHECK enum token_find_verdict ticket_find_in(const struct config_texts *places,
                                                      const struct http_head *head,
                                                      char out[static TOKEN_MAX],
                                                      struct slice *ticket);

/* The parts of a request that tickets of this route may be in (enum token_part). */
unsigned ticket_find_parts(const struct config_auth_set *auth);

#endif
