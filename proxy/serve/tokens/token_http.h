/*
 * A source that asks a service of the administrator over HTTP (tokens.http).
 *
 *      cache, fresh ------------------------------------------> answered at once
 *      a flight with the same request --- join it --+
 *      none --- http_pool_ask, on the asker's loop -+--> each waiter, on its own loop
 *
 * All workers share cache and flights: requests with the same token and the same facts of the
 * client cost one request to the service at a time. What the service says of caching holds, within
 * the limits of answer_cache.h and tokens.http.cache; the key is the URL with the token, and the
 * user's name.
 *
 *      200        the destination (resolver_answer.h)
 *      404, 410   token_unknown
 *      403        token_refused
 *      any other, a redirect among them, and no answer in time: token_source
 *
 * Owns: a reference to its origin; cache and flights, behind a lock. Thread: any; a flight belongs
 * to the loop that began it. Errors: see token_source.h. Lifetime: its site's, and that of a
 * flight.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_HTTP_H
#define WSLUICE_SERVE_TOKENS_TOKEN_HTTP_H

#include "serve/tokens/token_source.h"

struct config_tokens;
struct http_origin;

/* `origin`: of tokens->http.url; the source takes a reference. */
WSL_MUST_CHECK struct token_source *token_http_create(const struct config_tokens *tokens,
                                                      struct http_origin *origin, char *error,
                                                      size_t error_size);

#endif
