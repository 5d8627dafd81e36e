#include "config/rules/local_place.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

/* ---- the listener ---- */

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
                         struct local_place *place)
{
    const char *host = route->host ? route->host : "";
    bool any = strncmp(host, "*.", 2) == 0;
    snprintf(place->host, sizeof(place->host), "%s%s", any ? "any" : "", host + any);
    place->target[0] = '\0';
    return (!listener->base_path ||
            encode(listener->base_path, place->target, sizeof(place->target))) &&
           encode(route->path, place->target, sizeof(place->target));
}

const char *local_place_find(const struct config_listener *listener,
                             const struct config_route *route, struct local_place *place)
{
    const char *obstacle = find_obstacle(listener);
    if (!obstacle && !make_request(listener, route, place))
        obstacle = "serves it under a path with captures only";
    place->address = reach(&listener->address);
    return obstacle;
}
