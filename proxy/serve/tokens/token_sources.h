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
struct ticket_used;
struct tls_store;

/* What sources share; token_source_describe needs none of it. */
struct token_shared {
    struct http_origin *origin; /* the service of tokens->http; NULL: it has none */
    struct tls_store *store;    /* for TLS to a Redis server */
    struct ticket_used *used;   /* the single-use tickets; outlives the source */
};

/*
 * The route has tokens. The permit of the source is the configured one; without it, targets that a
 * service or a ticket names have the default of permit.h.
 */
WSL_MUST_CHECK struct token_source *token_sources_create(const struct config_tokens *tokens,
                                                         const struct token_shared *shared,
                                                         char *error, size_t error_size);

#endif
