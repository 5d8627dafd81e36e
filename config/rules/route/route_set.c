#include "config/rules/route/route_set.h"

static const unsigned for_operators =
    ROUTE_SET_METRICS | ROUTE_SET_STATUS | ROUTE_SET_READY | ROUTE_SET_LIVE;

bool route_set_has(const struct config *config, const struct config_listener *listener,
                   const struct config_route *route)
{
    struct slice name = slice_of(config_route_name(route));
    if (listener->routes.count > 0)
        return config_texts_has(&listener->routes, name);
    for (size_t i = 0; i < config->listener_count; i++)
        if (config_texts_has(&config->listeners[i].routes, name))
            return false;
    return true;
}

static unsigned kinds_of(const struct config_route *route)
{
    unsigned files = route->files.root ? ROUTE_SET_FILES : 0;
    switch (route->kind) {
    case CONFIG_KIND_BRIDGE:
        return ROUTE_SET_BRIDGE | (route->record ? ROUTE_SET_RECORDED : 0) | files;
    case CONFIG_KIND_FILES:
        return ROUTE_SET_FILES;
    case CONFIG_KIND_REDIRECT:
        return ROUTE_SET_REDIRECT;
    case CONFIG_KIND_METRICS:
        return ROUTE_SET_METRICS;
    case CONFIG_KIND_STATUS:
        return ROUTE_SET_STATUS;
    case CONFIG_KIND_HEALTH:
        return route->health == CONFIG_HEALTH_LIVE ? ROUTE_SET_LIVE : ROUTE_SET_READY;
    }
    return 0;
}

unsigned route_set_kinds(const struct config *config, const struct config_listener *listener)
{
    unsigned kinds = 0;
    for (size_t i = 0; i < config->route_count; i++) {
        unsigned own = kinds_of(&config->routes[i]);
        if ((own & ~kinds) != 0 && route_set_has(config, listener, &config->routes[i]))
            kinds |= own;
    }
    return kinds;
}

bool route_set_is_for_operators(unsigned kinds)
{
    return kinds != 0 && (kinds & ~for_operators) == 0;
}

bool route_set_shares_liveness(unsigned kinds)
{
    return (kinds & ROUTE_SET_LIVE) != 0 && !route_set_is_for_operators(kinds);
}
