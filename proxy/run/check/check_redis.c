#include "run/check/check_redis.h"

#include <string.h>

#include "net/tls/context/tls_store.h"
#include "serve/tokens/token_redis.h"

#define TEXT_MAX 256

struct server {
    struct token_source *source; /* NULL: the route asks none */
    bool answers;
    char text[TEXT_MAX]; /* the server, or what is wrong with it */
};

struct check_redis {
    const struct check *check;
    struct server *servers; /* one for each route */
};

static void pong_cb(void *owner, const char *problem)
{
    struct server *server = owner;
    server->answers = problem == NULL;
    if (problem)
        snprintf(server->text, sizeof(server->text), "%s", problem);
}

/* `loop->worker`: tells the clients of one source apart; each source has one. */
static void ask(const struct config_tokens *tokens, struct tls_store *store, struct server *server,
                const struct token_loop *loop)
{
    snprintf(server->text, sizeof(server->text), "out of memory");
    if (store)
        server->source = token_redis_create(tokens, store, server->text, sizeof(server->text));
    if (server->source && !token_redis_ping(server->source, loop, pong_cb, server))
        snprintf(server->text, sizeof(server->text), "out of memory");
}

static bool is_asked(const struct config_route *route)
{
    return config_token_source(&route->tokens) == CONFIG_TOKENS_REDIS;
}

struct check_redis *check_redis_begin(const struct check *check, const struct token_loop *loop)
{
    const struct config *config = check->config;
    struct check_redis *redis = malloc(sizeof(*redis));
    struct server *servers = calloc(config->route_count + 1, sizeof(*servers));
    if (!redis || !servers) {
        free(redis);
        free(servers);
        return NULL;
    }
    *redis = (struct check_redis){check, servers};
    struct tls_store *store = tls_store_create(NULL);
    for (size_t i = 0; i < config->route_count; i++)
        if (is_asked(&config->routes[i]))
            ask(&config->routes[i].tokens, store, &servers[i], loop);
    tls_store_free(store);
    return redis;
}

static void report(const struct check *check, size_t route, const struct server *server)
{
    const struct option_ref option = {.section = OPTIONS_TOKENS_REDIS, .outer = route};
    if (server->answers)
        fprintf(check->out, "redis %s: answers\n", token_redis_where(server->source));
    else
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, NULL, "%s", server->text);
}

void check_redis_end(struct check_redis *redis)
{
    if (!redis)
        return;
    for (size_t i = 0; i < redis->check->config->route_count; i++) {
        if (is_asked(&redis->check->config->routes[i]))
            report(redis->check, i, &redis->servers[i]);
        token_source_release(redis->servers[i].source);
    }
    free(redis->servers);
    free(redis);
}
