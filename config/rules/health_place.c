#include "config/rules/health_place.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "config/rules/route_set.h"

/* ---- which route ---- */

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

/* ---- which listener ---- */

/* NULL: it can be asked. */
static const char *find_obstacle(const struct config_listener *listener)
{
    const struct config_address *address = &listener->address;
    if (listener->tls.mode == CONFIG_TLS_REQUIRED)
        return "speaks TLS only";
    if (listener->proxy_protocol == CONFIG_PROXY_REQUIRE)
        return "expects a PROXY header";
    if (address->kind == CONFIG_ADDRESS_FD)
        return "is a socket that the process was started with";
    if (address->kind == CONFIG_ADDRESS_TCP && address->port == 0)
        return "gets its port at the start";
    return NULL;
}

/* Of a wildcard, the loopback address. */
static struct config_address reach(const struct config_address *address)
{
    struct config_address to = *address;
    if (to.kind == CONFIG_ADDRESS_TCP && (!to.host || strcmp(to.host, "0.0.0.0") == 0))
        to.host = "127.0.0.1";
    else if (to.kind == CONFIG_ADDRESS_TCP && strcmp(to.host, "::") == 0)
        to.host = "::1";
    return to;
}

/* ---- the request ---- */

/* Up to a star. False: the path has captures, or there is no room. */
static bool encode(const char *path, char *out, size_t size)
{
    size_t used = strlen(out);
    for (; *path && *path != '*'; path++) {
        if (*path == '{' || used + 4 > size)
            return false;
        bool plain = *path == '/' || ascii_is_unreserved(*path);
        used += (size_t)snprintf(out + used, size - used, plain ? "%c" : "%%%02X",
                                 (unsigned char)*path);
    }
    return true;
}

static bool make_request(const struct config_listener *listener, const struct config_route *route,
                         struct health_place *place)
{
    bool any = route->host && strncmp(route->host, "*.", 2) == 0;
    snprintf(place->host, sizeof(place->host), "%s%s", any ? "any" : "",
             !route->host ? ""
             : any        ? route->host + 1
                          : route->host);
    place->target[0] = '\0';
    return (!listener->base_path ||
            encode(listener->base_path, place->target, sizeof(place->target))) &&
           encode(route->path, place->target, sizeof(place->target));
}

bool health_place_find(const struct config *config, const struct config_route *route,
                       struct health_place *place, char *why, size_t size)
{
    snprintf(why, size, "no listener serves the health route %s", route->path);
    for (size_t i = config->listener_count; i-- > 0;) {
        const struct config_listener *listener = &config->listeners[i];
        char name[160];
        if (listener->admin || !route_set_has(config, listener, route))
            continue;
        const char *obstacle = find_obstacle(listener);
        config_address_print(&listener->address, name, sizeof(name));
        if (!obstacle && !make_request(listener, route, place))
            obstacle = "serves it under a path with captures only";
        place->address = reach(&listener->address);
        if (!obstacle)
            return true;
        snprintf(why, size, "the health route %s cannot be asked: listener %s %s", route->path,
                 name, obstacle);
    }
    return false;
}
