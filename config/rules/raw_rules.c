#include "config/rules/raw_rules.h"

#include "config/rules/route/route_set.h"

struct raw_check {
    const struct config *config;
    const struct option_locator *names;
    struct diag *diag;
    size_t listener;
};

static void complain(const struct raw_check *check, const char *key, const char *remedy,
                     const char *message)
{
    struct option_ref option = {.section = OPTIONS_LISTENER, .outer = check->listener, .key = key};
    option_ref_report(check->names, check->diag, DIAG_ERROR, option, remedy, "%s", message);
}

/* The first of its routes; *count: of all. */
static const struct config_route *find_route(const struct config *config,
                                             const struct config_listener *listener, size_t *count)
{
    const struct config_route *found = NULL;
    *count = 0;
    for (size_t i = 0; i < config->route_count; i++) {
        if (!route_set_has(config, listener, &config->routes[i]))
            continue;
        found = found ? found : &config->routes[i];
        ++*count;
    }
    return found;
}

const struct config_route *raw_rules_route(const struct config *config,
                                           const struct config_listener *listener)
{
    size_t count;
    return find_route(config, listener, &count);
}

/* What the route needs a request for. NULL: nothing. */
static const char *needs_request(const struct config_route *route)
{
    if (route->target_count == 0)
        return "the listener is raw, and its route has no target";
    if (route->auth.count > 0)
        return "the listener is raw, and its route has auth: raw clients have no request to log "
               "in with";
    if (route->files.root || route->demo)
        return "the listener is raw, and its route has files or demo, which are for requests";
    if (route->path && strchr(route->path, '{'))
        return "the listener is raw, and its route takes {NAME}s from the path of a request";
    return NULL;
}

static void check_listener(const struct raw_check *check)
{
    const struct config_listener *listener = &check->config->listeners[check->listener];
    size_t count;
    if (listener->auth.count > 0)
        complain(check, "auth", "remove it, or let allow say who may connect",
                 "raw clients have no request to log in with");
    if (listener->base_path)
        complain(check, "base_path", "remove it", "raw clients have no path");
    if (listener->routes.count == 0) {
        complain(check, "raw", "name its route, such as routes: [ssh]",
                 "a raw listener names its route");
        return;
    }
    const struct config_route *route = find_route(check->config, listener, &count);
    if (count > 1)
        complain(check, "routes", "name one, whose name no other route has",
                 "a raw listener has exactly one route");
    if (count != 1 ||
        option_ref_is_faulty(check->names, OPTIONS_ROUTE, (size_t)(route - check->config->routes)))
        return;
    const char *fault = needs_request(route);
    if (fault)
        complain(check, "routes", "use a route with a target alone", fault);
}

void raw_rules_check(const struct config *config, const struct option_locator *names,
                     struct diag *diag)
{
    struct raw_check check = {.config = config, .names = names, .diag = diag};
    for (; check.listener < config->listener_count && !names->incomplete; check.listener++)
        if (config->listeners[check.listener].raw &&
            !option_ref_is_faulty(names, OPTIONS_LISTENER, check.listener))
            check_listener(&check);
}
