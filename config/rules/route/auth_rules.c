#include "config/rules/route/auth_rules.h"

static struct option_ref element(const struct route_check *check, enum options_section section,
                                 size_t index)
{
    return (struct option_ref){.section = section, .outer = check->index, .inner = index};
}

static void check_methods(const struct route_check *check, size_t index)
{
    const struct config_auth *auth = &check->route->auth.methods[index];
    enum config_auth_method first = config_auth_method(auth);
    struct option_ref option = element(check, OPTIONS_AUTH, index);
    if (first == CONFIG_AUTH_METHODS) {
        route_check_report(check, option, "write - header: {name: X-User}, for example",
                           "the element has no method");
        return;
    }
    for (int method = first + 1; method < CONFIG_AUTH_METHODS; method++)
        if (config_auth_has(auth, (enum config_auth_method)method))
            route_check_report(check, option, "make each an element of its own, behind a \"- \"",
                               "the element has %s and %s", config_auth_method_name(first),
                               config_auth_method_name((enum config_auth_method)method));
}

static bool has_trusted_proxies(const struct config *config)
{
    for (size_t i = 0; i < config->listener_count; i++)
        if (config->listeners[i].trusted_proxies.count > 0)
            return true;
    return false;
}

static void check_basic(const struct route_check *check, size_t index)
{
    const struct config_auth_basic *basic = &check->route->auth.methods[index].basic;
    if (basic->users && basic->accounts.count > 0)
        route_check_report(check, element(check, OPTIONS_AUTH_BASIC, index), "remove one of them",
                           "has users and accounts");
}

static bool asks_for_certificates(const struct config *config)
{
    for (size_t i = 0; i < config->listener_count; i++)
        if (config->listeners[i].tls.client_verify != CONFIG_VERIFY_OFF)
            return true;
    return false;
}

static void check_certificate(const struct route_check *check, size_t index)
{
    struct option_ref option = element(check, OPTIONS_AUTH_CERTIFICATE, index);
    if (config_auth_has(&check->route->auth.methods[index], CONFIG_AUTH_CERTIFICATE) &&
        !asks_for_certificates(check->config))
        route_check_report(check, option, "add client_ca to the tls of a listener",
                           "nobody can pass: no listener asks for client certificates");
}

static void check_header(const struct route_check *check, size_t index)
{
    struct option_ref option = element(check, OPTIONS_AUTH_HEADER, index);
    if (check->route->auth.methods[index].header.name && !has_trusted_proxies(check->config))
        route_check_report(check, option, "add the proxy's address to trusted_proxies",
                           "nobody can pass: no listener has trusted_proxies");
}

/* Does the scope hold the path of the route? */
static bool holds(const char *scope, const char *path)
{
    size_t length = strlen(scope);
    return length <= 1 ||
           (strncmp(scope, path, length) == 0 && (path[length] == '\0' || path[length] == '/'));
}

static bool has_login_before(const struct config_auth_set *set, size_t index)
{
    struct config_auth_set before = *set;
    before.count = index;
    return config_auth_login(&before) != NULL;
}

static void check_login(const struct route_check *check, size_t index)
{
    const struct config_route *route = check->route;
    const struct config_auth_login *login = &route->auth.methods[index].login;
    struct option_ref option = element(check, OPTIONS_AUTH_LOGIN, index);
    if (!login->users)
        return;
    if (has_login_before(&route->auth, index))
        route_check_report(check, option, "remove one of them", "the route has another login");
    if (login->scope && !holds(login->scope, route->path))
        route_check_report(check, option, "let scope be / or a folder that the path is in",
                           "the path %s is not in the scope %s", route->path, login->scope);
}

static void check_ticket(const struct route_check *check, size_t index)
{
    const struct config_ticket *ticket = &check->route->auth.methods[index].ticket;
    struct option_ref option = element(check, OPTIONS_AUTH_TICKET, index);
    if (!ticket->key.file)
        return;
    option.key = "from";
    if (ticket->from.count == 0)
        route_check_report(check, option, "name a place, such as header",
                           "no place is named, so that no request has a ticket");
    option.key = "unlimited";
    if (ticket->unlimited && ticket->single_use)
        route_check_report(check, option, "remove one of them",
                           "excludes single_use: used tickets are remembered until they expire");
}

void auth_rules_check(const struct route_check *check)
{
    const struct config_route *route = check->route;
    for (size_t i = 0; i < route->auth.count; i++) {
        check_methods(check, i);
        check_header(check, i);
        check_login(check, i);
        check_basic(check, i);
        check_certificate(check, i);
        check_ticket(check, i);
    }
    if (route->max_sessions_per_user > 0 && route->auth.count == 0)
        route_check_report(check, route_check_option(check, "max_sessions_per_user"),
                           "add auth, or use max_sessions", "has no effect without auth");
    if (route->auth.asked_for == CONFIG_AUTH_FOR_WEBSOCKET && route->auth.count == 0)
        route_check_report(check, route_check_option(check, "auth_for"), "add auth, or remove it",
                           "has no effect without auth");
    if (route->auth.asked_for == CONFIG_AUTH_FOR_WEBSOCKET && config_auth_login(&route->auth))
        route_check_report(check, route_check_option(check, "auth_for"), "set it to all",
                           "a login has a page, which is a plain request");
    if (route->auth.satisfy == CONFIG_SATISFY_ANY && route->auth.count == 0)
        route_check_report(check, route_check_option(check, "satisfy"), "add auth, or remove it",
                           "has no effect without auth");
}
