/*
 * The source tokens.ticket: the token is a ticket, a JSON Web Token, whose claims name the target.
 *
 * A single-use ticket is used up by the request that shows it, whether or not its target can be
 * connected to.
 *
 * Owns: the keys. Thread: any. Errors: NULL and *error; token_unknown with a ticket that is not
 * valid, token_source if there are no keys, or too many used tickets are remembered. Lifetime:
 * token_source_release; borrows the configuration.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_TICKET_H
#define WSLUICE_SERVE_TOKENS_TOKEN_TICKET_H

#include "serve/tokens/token_source.h"

struct ticket_used;

/* `used` outlives the source; NULL: for token_source_describe only. */
WSL_MUST_CHECK struct token_source *token_ticket_create(const struct config_tokens *tokens,
                                                        struct ticket_used *used, char *error,
                                                        size_t error_size);

#endif
