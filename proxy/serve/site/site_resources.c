#include "serve/site/site_resources.h"

#include "config/model/config.h"
#include "net/http/http_origins.h"
#include "net/tls/context/tls_ctx.h"
#include "net/tls/context/tls_store.h"
#include "serve/target/target_pool.h"

static bool open_listeners(struct site_resources *resources, char *error, size_t error_size)
{
    const struct config *config = resources->config;
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        const struct tls_error tls_error = {&listener->place, error, error_size};
        if (listener->tls.mode == CONFIG_TLS_OFF)
            continue;
        resources->listener_tls[i] = tls_ctx_server(&listener->tls, resources->store, &tls_error);
        if (!resources->listener_tls[i])
            return false;
    }
    return true;
}

static bool open_auth(struct site_resources *resources, const struct config_auth_set *set,
                      char *error, size_t error_size)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct config_auth *auth = &set->methods[i];
        const struct config_ticket_key *key = &auth->ticket.key;
        const char *url = auth->forward.url ? auth->forward.url : key->url;
        if (url && !http_origins_add(resources->origins, url,
                                     auth->forward.url ? auth->forward.ca : key->ca, &auth->place,
                                     resources->store, error, error_size))
            return false;
    }
    return true;
}

/* The services that a route asks. */
static bool open_services(struct site_resources *resources, const struct config_route *route,
                          char *error, size_t error_size)
{
    const struct config_token_http *tokens = &route->tokens.http;
    if (tokens->url && !http_origins_add(resources->origins, tokens->url, tokens->ca, &route->place,
                                         resources->store, error, error_size))
        return false;
    return open_auth(resources, &route->auth, error, error_size);
}

static bool open_origins(struct site_resources *resources, char *error, size_t error_size)
{
    const struct config *config = resources->config;
    for (size_t i = 0; i < config->listener_count; i++)
        if (!open_auth(resources, &config->listeners[i].auth, error, error_size))
            return false;
    for (size_t i = 0; i < config->route_count; i++)
        if (!open_services(resources, &config->routes[i], error, error_size))
            return false;
    return true;
}

static bool open_all(struct site_resources *resources, const struct site_resources *previous,
                     char *error, size_t error_size)
{
    resources->store = tls_store_create(previous ? previous->store : NULL);
    resources->listener_tls =
        calloc(resources->config->listener_count + 1, sizeof(struct tls_ctx *));
    resources->origins = http_origins_create();
    if (!resources->store || !resources->listener_tls || !resources->origins) {
        snprintf(error, error_size, "out of memory");
        return false;
    }
    if (!open_listeners(resources, error, error_size) ||
        !open_origins(resources, error, error_size))
        return false;
    resources->pool = target_pool_create(resources->config, previous ? previous->pool : NULL,
                                         resources->store, error, error_size);
    if (!resources->pool)
        return false;
    tls_store_seal(resources->store);
    return true;
}

struct site_resources *site_resources_create(const struct config *config,
                                             const struct site_resources *previous, char *error,
                                             size_t error_size)
{
    struct site_resources *resources = calloc(1, sizeof(*resources));
    if (!resources) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    resources->config = config_retain(config);
    if (open_all(resources, previous, error, error_size))
        return resources;
    site_resources_free(resources);
    return NULL;
}

void site_resources_free(struct site_resources *resources)
{
    if (!resources)
        return;
    for (size_t i = 0; resources->listener_tls && i < resources->config->listener_count; i++)
        tls_ctx_free(resources->listener_tls[i]);
    free(resources->listener_tls);
    http_origins_free(resources->origins);
    target_pool_free(resources->pool);
    tls_store_free(resources->store);
    config_release(resources->config);
    free(resources);
}

bool site_resources_files_changed(struct site_resources *resources)
{
    return tls_store_changed(resources->store);
}
