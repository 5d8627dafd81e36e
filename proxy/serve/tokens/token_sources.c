#include "serve/tokens/token_sources.h"

#include "serve/tokens/token_auth.h"
#include "serve/tokens/token_directory.h"
#include "serve/tokens/token_http.h"
#include "serve/tokens/token_lines.h"
#include "serve/tokens/token_redis.h"
#include "serve/tokens/token_sockets.h"
#include "serve/tokens/token_ticket.h"

typedef struct token_source *create_fn(const struct config_tokens *tokens, char *error,
                                       size_t error_size);

/* Those whose targets the administrator writes; of the others services or tickets name them. */
static create_fn *const sources[CONFIG_TOKEN_SOURCES] = {
    [CONFIG_TOKENS_FILE] = token_lines_create,
    [CONFIG_TOKENS_DIRECTORY] = token_directory_create,
    [CONFIG_TOKENS_SOCKETS] = token_sockets_create,
};

static struct token_source *create(const struct config_tokens *tokens,
                                   const struct token_shared *shared, char *error,
                                   size_t error_size)
{
    enum config_token_source source = config_token_source(tokens);
    if (source == CONFIG_TOKENS_HTTP)
        return token_http_create(tokens, shared->origin, error, error_size);
    if (source == CONFIG_TOKENS_REDIS)
        return token_redis_create(tokens, shared->store, error, error_size);
    if (source == CONFIG_TOKENS_TICKET)
        return token_ticket_create(tokens, shared->used, error, error_size);
    if (source == CONFIG_TOKENS_AUTH)
        return token_auth_create(error, error_size);
    wsl_assert(sources[source]);
    return sources[source](tokens, error, error_size);
}

static bool needs_permit(const struct config_tokens *tokens)
{
    if (config_texts_has(&tokens->permit, SLICE("any")))
        return false;
    return tokens->permit.count > 0 || !sources[config_token_source(tokens)];
}

struct token_source *token_sources_create(const struct config_tokens *tokens,
                                          const struct token_shared *shared, char *error,
                                          size_t error_size)
{
    struct token_source *source = create(tokens, shared, error, error_size);
    if (!source || !needs_permit(tokens))
        return source;
    source->permit = permit_create(&tokens->permit);
    if (source->permit)
        return source;
    snprintf(error, error_size, "out of memory");
    token_source_release(source);
    return NULL;
}
