#include "serve/site/site.h"

#include "config/rules/raw_rules.h"
#include "core/route/route_table.h"
#include "core/ticket/ticket_find.h"
#include "core/tokens/token_find.h"
#include "net/addr.h"
#include "net/http/http_origins.h"
#include "serve/auth/auth_list.h"
#include "serve/auth/login_cookies.h"
#include "serve/auth/users/auth_shared.h"
#include "serve/files/files.h"
#include "serve/http/reply.h"
#include "serve/metrics/route_stats.h"
#include "serve/site/limits.h"
#include "serve/site/site_resources.h"
#include "serve/tokens/token_sources.h"

static bool fail(char *error, size_t error_size)
{
    snprintf(error, error_size, "out of memory");
    return false;
}

/* *list stays NULL if the set has no methods. */
static bool open_auth(struct site *site, const struct config_auth_set *set,
                      const struct login_place *place, struct auth_list **list, char *error,
                      size_t error_size)
{
    site->token_parts |= ticket_find_parts(set);
    if (set->count > 0)
        *list = auth_list_create(set, place, site->shared.auth, site->resources->origins, error,
                                 error_size);
    return set->count == 0 || *list;
}

static bool open_tokens(struct site *site, const struct config_route *route, struct site_route *own,
                        char *error, size_t error_size)
{
    struct auth_shared *auth = site->shared.auth;
    const struct token_shared shared = {
        .origin = http_origins_find(site->resources->origins, route->tokens.http.url),
        .store = site->resources->store,
        .used = auth ? auth_shared_tickets(auth) : NULL,
    };
    site->token_parts |= token_find_all_parts(&route->tokens.from);
    own->tokens = token_sources_create(&route->tokens, &shared, error, error_size);
    return own->tokens != NULL;
}

static bool open_routes(struct site *site, char *error, size_t error_size)
{
    const struct config *config = site->config;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_route *route = &config->routes[i];
        struct site_route *own = &site->routes[i];
        own->stats = route_stats_get(site->shared.route_stats, config_route_name(route));
        own->counter =
            limits_counter_get(site->shared.limits, LIMITS_ROUTE, config_route_name(route));
        if (!own->stats || !own->counter ||
            !reply_fields(route, &own->field_lines, &own->field_length))
            return fail(error, error_size);
        if (route->files.root)
            own->files = files_create(route, error, error_size);
        if (route->files.root && !own->files)
            return false;
        if (!open_auth(site, &route->auth, &(struct login_place){route->host, route->path},
                       &own->auth, error, error_size))
            return false;
        if (!config_route_has_tokens(route))
            continue;
        if (!open_tokens(site, route, own, error, error_size))
            return false;
    }
    return true;
}

static bool open_listeners(struct site *site, char *error, size_t error_size)
{
    static const struct login_place everywhere = {NULL, "/"};
    const struct config *config = site->config;
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        struct site_listener *own = &site->listeners[i];
        config_address_print(&listener->address, own->name, sizeof(own->name));
        own->terms = descriptors_listener(config, i);
        own->raw = listener->raw ? raw_rules_route(config, listener) : NULL;
        own->counter = limits_counter_get(site->shared.limits,
                                          own->terms.operators ? LIMITS_OPERATORS : LIMITS_LISTENER,
                                          listener->name ? listener->name : own->name);
        if (!own->counter)
            return fail(error, error_size);
        if (!open_auth(site, &listener->auth, &everywhere, &own->auth, error, error_size))
            return false;
    }
    return true;
}

static bool open_table(struct site *site, char *error, size_t error_size)
{
    struct route_fault fault;
    site->table = route_table_create(site->config, &fault);
    if (site->table)
        return true;
    config_place_format(fault.place, error, error_size, "%s", fault.text);
    return false;
}

static bool open_all(struct site *site, const struct site *previous, char *error, size_t error_size)
{
    const struct config *config = site->config;
    site->routes = calloc(config->route_count + 1, sizeof(*site->routes));
    site->listeners = calloc(config->listener_count + 1, sizeof(*site->listeners));
    if (!site->routes || !site->listeners)
        return fail(error, error_size);
    site->resources =
        site_resources_create(config, previous ? previous->resources : NULL, error, error_size);
    return site->resources && open_table(site, error, error_size) &&
           open_routes(site, error, error_size) && open_listeners(site, error, error_size);
}

struct site *site_create(const struct config *config, const struct site_shared *shared,
                         const struct site *previous, char *error, size_t error_size)
{
    struct site *site = calloc(1, sizeof(*site));
    if (!site) {
        (void)fail(error, error_size);
        return NULL;
    }
    atomic_init(&site->references, 1);
    site->config = config_retain(config);
    site->shared = *shared;
    site->plan = descriptors_plan(config, &shared->host);
    if (open_all(site, previous, error, error_size))
        return site;
    site_release(site);
    return NULL;
}

struct site *site_retain(struct site *site)
{
    atomic_fetch_add_explicit(&site->references, 1, memory_order_relaxed);
    return site;
}

static void free_cb(struct reaper_item *item)
{
    struct site *site = WSL_CONTAINER(item, struct site, dead);
    const struct config *config = site->config;
    for (size_t i = 0; site->routes && i < config->route_count; i++) {
        route_stats_release(site->routes[i].stats);
        limits_counter_release(site->shared.limits, site->routes[i].counter);
        files_free(site->routes[i].files);
        token_source_release(site->routes[i].tokens);
        auth_list_free(site->routes[i].auth);
        free(site->routes[i].field_lines);
    }
    for (size_t i = 0; site->listeners && i < config->listener_count; i++) {
        limits_counter_release(site->shared.limits, site->listeners[i].counter);
        auth_list_free(site->listeners[i].auth);
    }
    free(site->routes);
    free(site->listeners);
    route_table_free(site->table);
    site_resources_free(site->resources);
    config_release(config);
    free(site);
}

void site_release(struct site *site)
{
    if (!site || atomic_fetch_sub_explicit(&site->references, 1, memory_order_acq_rel) != 1)
        return;
    if (site->shared.reaper)
        reaper_add(site->shared.reaper, &site->dead, free_cb);
    else
        free_cb(&site->dead);
}

void site_supersede(struct site *site)
{
    atomic_store_explicit(&site->superseded, true, memory_order_relaxed);
}

bool site_is_superseded(const struct site *site)
{
    return atomic_load_explicit(&site->superseded, memory_order_relaxed);
}

void site_name_listener(struct site *site, size_t listener, const char *name)
{
    snprintf(site->listeners[listener].name, sizeof(site->listeners[listener].name), "%s", name);
}
