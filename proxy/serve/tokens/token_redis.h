/*
 * The source tokens.redis: a token is a key of a Redis server, behind a prefix, and its value is
 * the destination.
 *
 *     source (shared) ---- worker 1: redis_client, its connection
 *                    \---- worker 2: redis_client, its connection
 *
 * A worker connects with its first look-up. A connection without look-ups for a minute closes
 * itself; so do those of a configuration that was replaced, and the last of them frees what they
 * share.
 *
 * Owns: a reference to what is shared: settings, TLS context. Thread: find and leave on the loop
 * that asks, release on any. Errors: token_source with a detail. Lifetime: token_source_release.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_REDIS_H
#define WSLUICE_SERVE_TOKENS_TOKEN_REDIS_H

#include "serve/tokens/token_source.h"

struct tls_store;

/* Without hiredis: NULL. `store`: NULL: for describe only, without TLS. */
WSL_MUST_CHECK struct token_source *token_redis_create(const struct config_tokens *tokens,
                                                       struct tls_store *store, char *error,
                                                       size_t error_size);

/* The server, without a login. */
const char *token_redis_where(struct token_source *source);

/*
 * Asks the server once whether it answers and accepts the login, over a connection of its own loop
 * that is closed then. `problem`: NULL: it does. False: out of memory, and no callback comes.
 */
typedef void token_redis_ping_cb(void *owner, const char *problem);
WSL_MUST_CHECK bool token_redis_ping(struct token_source *source, const struct token_loop *loop,
                                     token_redis_ping_cb *callback, void *owner);

#endif
