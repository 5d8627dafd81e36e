#include "config/rules/admin.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/options/options.h"
#include "config/options/snapshot.h"

/* Not a valid name in a file, as it has a space. */
static const char name[] = "admin socket";
static const char *const names[] = {name};

/* "@name" is a file here: abstract sockets have no permissions that would guard it. */
static bool set_address(struct config *config, struct config_listener *listener)
{
    char *address, why[128];
    const char *path = config->admin.socket;
    if (asprintf(&address, "unix:%s%s", *path == '@' ? "./" : "", path) < 0)
        return false;
    const struct options_row *row = options_find(OPTIONS_LISTENER, "address");
    bool done = snapshot_set(config, row, listener, address, why, sizeof(why)) == VALUE_OK;
    free(address);
    return done;
}

static bool add_listener(struct config *config)
{
    struct config_listener *listener = snapshot_open(config, OPTIONS_LISTENER, config);
    if (!listener || !set_address(config, listener))
        return false;
    listener->name = name;
    listener->routes = (struct config_texts){names, 1};
    listener->unix_mode = config->admin.mode;
    listener->unix_owner = config->user;
    listener->unix_group = config->group;
    listener->admin = true;
    config->admin_listeners++;
    return true;
}

static struct config_route *add_route(struct config *config, const char *path)
{
    struct config_route *route = snapshot_open(config, OPTIONS_ROUTE, config);
    if (!route)
        return NULL;
    route->name = name;
    route->path = path;
    config->admin_routes++;
    return route;
}

/* The needs of all readiness routes: the socket says ready if each of them does. */
static bool set_needs(struct config *config, struct config_texts *needs)
{
    size_t count = 0;
    for (size_t i = 0; i < config->route_count; i++)
        count += config->routes[i].needs.count;
    *needs = (struct config_texts){NULL, 0};
    if (count == 0)
        return true;
    const char **items = config_alloc(config, count * sizeof(*items));
    if (!items)
        return false;
    needs->items = items;
    for (size_t i = 0; i < config->route_count; i++)
        for (size_t j = 0; j < config->routes[i].needs.count; j++)
            items[needs->count++] = config->routes[i].needs.items[j];
    return true;
}

bool admin_attach(struct config *config)
{
    struct config_texts needs;
    if (!config->admin.socket)
        return true;
    if (!add_listener(config) || !set_needs(config, &needs))
        return false;
    struct config_route *status = add_route(config, "/*");
    if (!status)
        return false;
    status->kind = CONFIG_KIND_STATUS;
    status->status = true;
    struct config_route *ready = add_route(config, ADMIN_READY);
    if (!ready)
        return false;
    ready->kind = CONFIG_KIND_HEALTH;
    ready->health = CONFIG_HEALTH_READY;
    ready->needs = needs;
    return true;
}
