#include "config/rules/health_place.h"

#include <stdio.h>

#include "config/rules/route/route_set.h"

static int rank(const struct config_route *route)
{
    if (route->kind != CONFIG_KIND_HEALTH)
        return 0;
    if (route->health == CONFIG_HEALTH_LIVE)
        return 1;
    return route->needs.count > 0 ? 3 : 2;
}

const struct config_route *health_place_next(const struct config *config, size_t *cursor)
{
    size_t count = config->route_count - config->admin_routes;
    int highest = 1;
    for (size_t i = 0; i < count; i++)
        highest = rank(&config->routes[i]) > highest ? rank(&config->routes[i]) : highest;
    while (*cursor < count) {
        const struct config_route *route = &config->routes[(*cursor)++];
        if (rank(route) == highest)
            return route;
    }
    return NULL;
}

bool health_place_find(const struct config *config, const struct config_route *route,
                       struct local_place *place, char *why, size_t size)
{
    snprintf(why, size, "no listener serves the health route %s", route->path);
    for (size_t i = config->listener_count; i-- > 0;) {
        const struct config_listener *listener = &config->listeners[i];
        char name[160];
        if (listener->admin || !route_set_has(config, listener, route))
            continue;
        const char *obstacle = local_place_find(listener, route, place);
        if (!obstacle)
            return true;
        config_address_print(&listener->address, name, sizeof(name));
        snprintf(why, size, "the health route %s cannot be asked: listener %s %s", route->path,
                 name, obstacle);
    }
    return false;
}
