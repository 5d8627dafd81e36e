/*
 * The source that a route's tokens have: one row for each kind (token_source.h).
 *
 * Owns: nothing. Thread: any. Errors: NULL and one line in *error. Lifetime: of what it creates:
 * until token_source_release.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_SOURCES_H
#define WSLUICE_SERVE_TOKENS_TOKEN_SOURCES_H

#include "serve/tokens/token_source.h"

struct http_origin;
struct tls_store;

/*
 * The route has tokens. The permit of the source is the configured one; without it, targets that a
 * service names have the default of permit.h. `origin`: the service of tokens->http; NULL: it has
 * none. `store`: for TLS to a Redis server; NULL: for token_source_describe only.
 */
WSL_MUST_CHECK struct token_source *token_sources_create(const struct config_tokens *tokens,
                                                         struct http_origin *origin,
                                                         struct tls_store *store, char *error,
                                                         size_t error_size);

#endif
