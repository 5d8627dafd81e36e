#include "config/rules/route/auth_rules.h"

#include <arpa/inet.h>

#include "config/model/url.h"
#include "config/rules/route/route_set.h"

/* The methods of a route, or of a listener, while they are checked. */
struct auth_check {
    const struct config *config;
    const struct option_locator *names;
    struct diag *diag;
    const struct config_auth_set *set;
    const struct config_listener *listener; /* NULL: they are a route's */
    const struct config_route *route;       /* NULL: they are a listener's */
    size_t index;                           /* of the route or the listener */
};

static struct option_ref element(const struct auth_check *check, enum options_section section,
                                 size_t index)
{
    return (struct option_ref){.section = section,
                               .outer = check->index,
                               .inner = index,
                               .within = check->listener ? OPTIONS_LISTENER_AUTH : OPTIONS_PROCESS};
}

static struct option_ref owner(const struct auth_check *check, const char *key)
{
    return (struct option_ref){.section = check->listener ? OPTIONS_LISTENER : OPTIONS_ROUTE,
                               .outer = check->index,
                               .key = key};
}

WSL_PRINTF(4, 5)
static void report(const struct auth_check *check, struct option_ref option, const char *remedy,
                   const char *format, ...)
{
    va_list args;
    va_start(args, format);
    option_ref_complain_args(check->names, check->diag, DIAG_ERROR, option, remedy, format, args);
    va_end(args);
}

/* Of a ticket that is there. */
static bool lacks_source(const struct config_ticket_key *key)
{
    return key->algorithm != CONFIG_TICKET_ANY || key->ca;
}

static void check_methods(const struct auth_check *check, size_t index)
{
    const struct config_auth *auth = &check->set->methods[index];
    enum config_auth_method first = config_auth_method(auth);
    struct option_ref option = element(check, OPTIONS_AUTH, index);
    if (first == CONFIG_AUTH_METHODS && lacks_source(&auth->ticket.key)) {
        report(check, element(check, OPTIONS_TICKET_KEY, index), "name one of them",
               "has neither file nor url");
        return;
    }
    if (first == CONFIG_AUTH_METHODS) {
        report(check, option, "write - header: {name: X-User}, for example",
               "the element has no method");
        return;
    }
    for (int method = first + 1; method < CONFIG_AUTH_METHODS; method++)
        if (config_auth_has(auth, (enum config_auth_method)method))
            report(check, option, "make each an element of its own, behind a \"- \"",
                   "the element has %s and %s", config_auth_method_name(first),
                   config_auth_method_name((enum config_auth_method)method));
}

static void check_basic(const struct auth_check *check, size_t index)
{
    const struct config_auth_basic *basic = &check->set->methods[index].basic;
    if (basic->users && basic->accounts.count > 0)
        report(check, element(check, OPTIONS_AUTH_BASIC, index), "remove one of them",
               "has users and accounts");
}

/* ---- what a listener must do for a method ---- */

static bool has_trusted_proxies(const struct config_listener *listener)
{
    return listener->trusted_proxies.count > 0;
}

static bool asks_for_certificates(const struct config_listener *listener)
{
    return listener->tls.client_verify != CONFIG_VERIFY_OFF;
}

/* The methods' own listener, or any, does it. */
static bool one_does(const struct auth_check *check, bool (*does)(const struct config_listener *))
{
    if (check->listener)
        return does(check->listener);
    for (size_t i = 0; i < check->config->listener_count; i++)
        if (does(&check->config->listeners[i]))
            return true;
    return false;
}

static void check_certificate(const struct auth_check *check, size_t index)
{
    struct option_ref option = element(check, OPTIONS_AUTH_CERTIFICATE, index);
    if (!config_auth_has(&check->set->methods[index], CONFIG_AUTH_CERTIFICATE) ||
        one_does(check, asks_for_certificates))
        return;
    if (check->listener)
        report(check, option, "add client_ca to its tls",
               "nobody can pass: the listener asks for no client certificates");
    else
        report(check, option, "add client_ca to the tls of a listener",
               "nobody can pass: no listener asks for client certificates");
}

static void check_header(const struct auth_check *check, size_t index)
{
    struct option_ref option = element(check, OPTIONS_AUTH_HEADER, index);
    if (!check->set->methods[index].header.name || one_does(check, has_trusted_proxies))
        return;
    report(check, option, "add the proxy's address to trusted_proxies",
           check->listener ? "nobody can pass: the listener has no trusted_proxies"
                           : "nobody can pass: no listener has trusted_proxies");
}

/* ---- login ---- */

/* Does the scope hold the path of the route? */
static bool holds(const char *scope, const char *path)
{
    size_t length = strlen(scope);
    return length <= 1 ||
           (strncmp(scope, path, length) == 0 && (path[length] == '\0' || path[length] == '/'));
}

/* A route of the listener whose browsers would not send the cookie. NULL: none. */
static const struct config_route *outside(const struct auth_check *check, const char *scope)
{
    for (size_t i = 0; i < check->config->route_count; i++) {
        const struct config_route *route = &check->config->routes[i];
        if (route_set_has(check->config, check->listener, route) &&
            config_auth_of(check->listener, route) == check->set && !holds(scope, route->path))
            return route;
    }
    return NULL;
}

static bool has_login_before(const struct config_auth_set *set, size_t index)
{
    struct config_auth_set before = *set;
    before.count = index;
    return config_auth_login(&before) != NULL;
}

static void check_login(const struct auth_check *check, size_t index)
{
    const struct config_auth_login *login = &check->set->methods[index].login;
    struct option_ref option = element(check, OPTIONS_AUTH_LOGIN, index);
    const struct config_route *route = check->route;
    if (!login->users)
        return;
    if (has_login_before(check->set, index))
        report(check, option, "remove one of them", "the %s has another login",
               check->listener ? "listener" : "route");
    if (!login->scope)
        return;
    if (check->listener)
        route = outside(check, login->scope);
    if (route && !holds(login->scope, route->path))
        report(check, option, "let scope be / or a folder that the path is in",
               "the path %s is not in the scope %s", route->path, login->scope);
}

/* ---- ticket ---- */

static bool is_for_files(enum config_ticket_algorithm algorithm)
{
    return algorithm == CONFIG_TICKET_HS256 || algorithm == CONFIG_TICKET_HS384 ||
           algorithm == CONFIG_TICKET_HS512 || algorithm == CONFIG_TICKET_WEBSOCKIFY;
}

/* Nobody between here and there may change the keys. */
static bool is_safe(const char *text)
{
    struct url url;
    unsigned char v4[4];
    if (url_parse(text, &url) || url.tls || url.address.kind == CONFIG_ADDRESS_UNIX)
        return true;
    const char *host = url.address.host;
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (inet_pton(AF_INET, host, v4) == 1 && v4[0] == 127);
}

static void check_key(const struct auth_check *check, size_t index)
{
    const struct config_ticket_key *key = &check->set->methods[index].ticket.key;
    struct option_ref option = element(check, OPTIONS_TICKET_KEY, index);
    option.key = "url";
    if (key->url && key->file)
        report(check, option, "remove one of them", "there is a file as well");
    if (key->url && !is_safe(key->url))
        report(check, option, "use https://",
               "keys that come over http:// from another machine can be replaced on their way");
    option.key = "algorithm";
    if (key->url && is_for_files(key->algorithm))
        report(check, option, "name the algorithm of a public key, or remove it",
               "the keys of a URL are public, a JWK Set: HS needs a secret, websockify a file");
    option.key = "ca";
    if (key->ca && !key->url)
        report(check, option, "remove it", "has no effect without url");
}

static void check_ticket(const struct auth_check *check, size_t index)
{
    const struct config_ticket *ticket = &check->set->methods[index].ticket;
    struct option_ref option = element(check, OPTIONS_AUTH_TICKET, index);
    if (!config_auth_has(&check->set->methods[index], CONFIG_AUTH_TICKET))
        return;
    check_key(check, index);
    option.key = "from";
    if (ticket->from.count == 0)
        report(check, option, "name a place, such as header",
               "no place is named, so that no request has a ticket");
    option.key = "unlimited";
    if (ticket->unlimited && ticket->single_use)
        report(check, option, "remove one of them",
               "excludes single_use: used tickets are remembered until they expire");
}

/* ---- targets that methods name ---- */

static bool uses_targets(const struct auth_check *check)
{
    if (check->route)
        return check->route->tokens.auth;
    for (size_t i = 0; i < check->config->route_count; i++) {
        const struct config_route *route = &check->config->routes[i];
        if (route->tokens.auth && route_set_has(check->config, check->listener, route) &&
            config_auth_of(check->listener, route) == check->set)
            return true;
    }
    return false;
}

static void check_target(const struct auth_check *check, size_t index)
{
    const struct config_auth *auth = &check->set->methods[index];
    bool forward = config_auth_has(auth, CONFIG_AUTH_FORWARD);
    struct option_ref option =
        element(check, forward ? OPTIONS_AUTH_FORWARD : OPTIONS_AUTH_TICKET, index);
    option.key = "target";
    if (config_auth_names_target(auth) && !uses_targets(check))
        report(check, option, "write tokens: {auth: true, permit: [...]} in the route",
               "has no effect without tokens.auth");
}

/* The methods let a client in that has no target. True: it is reported. */
static bool check_source(const struct auth_check *check, const struct config_auth_set *set)
{
    const struct option_ref option = {
        .section = OPTIONS_TOKENS, .key = "auth", .outer = check->index};
    const struct config_auth *other = NULL;
    size_t named = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (config_auth_names_target(&set->methods[i]))
            named++;
        else
            other = &set->methods[i];
    }
    if (named == 0)
        report(check, option, "add target to a ticket or a forward of auth",
               "no method of auth names a target");
    else if (set->satisfy == CONFIG_SATISFY_ANY && other)
        report(check, option, "add target to each method of auth, or set satisfy to all",
               "a client who passes by %s alone would have no target",
               config_auth_method_name(config_auth_method(other)));
    else
        return false;
    return true;
}

static void check_route_source(const struct auth_check *check)
{
    const struct config *config = check->config;
    bool reported = false;
    if (!check->route->tokens.auth)
        return;
    if (check->set->count > 0) {
        (void)check_source(check, check->set);
        return;
    }
    for (size_t i = 0; i < config->listener_count && !reported; i++)
        if (route_set_has(config, &config->listeners[i], check->route))
            reported = check_source(check, config_auth_of(&config->listeners[i], check->route));
}

/* ---- a set ---- */

static void check_set(const struct auth_check *check)
{
    for (size_t i = 0; i < check->set->count; i++) {
        check_methods(check, i);
        check_header(check, i);
        check_login(check, i);
        check_basic(check, i);
        check_certificate(check, i);
        check_ticket(check, i);
        check_target(check, i);
    }
    if (check->set->satisfy == CONFIG_SATISFY_ANY && check->set->count == 0)
        report(check, owner(check, "satisfy"), "add auth, or remove it",
               "has no effect without auth");
}

void auth_rules_check_listener(const struct config *config, const struct option_locator *names,
                               struct diag *diag, size_t index)
{
    const struct config_listener *listener = &config->listeners[index];
    const struct auth_check check = {.config = config,
                                     .names = names,
                                     .diag = diag,
                                     .set = &listener->auth,
                                     .listener = listener,
                                     .index = index};
    check_set(&check);
}

/* Does a listener ask the route's clients who they are? */
static bool listener_asks(const struct config *config, const struct config_route *route)
{
    for (size_t i = 0; i < config->listener_count; i++)
        if (config_auth_of(&config->listeners[i], route)->count > 0 &&
            route_set_has(config, &config->listeners[i], route))
            return true;
    return false;
}

void auth_rules_check(const struct route_check *route_check)
{
    const struct config_route *route = route_check->route;
    const struct auth_check check = {.config = route_check->config,
                                     .names = route_check->names,
                                     .diag = route_check->diag,
                                     .set = &route->auth,
                                     .route = route,
                                     .index = route_check->index};
    check_set(&check);
    check_route_source(&check);
    if (route->max_sessions_per_user > 0 && !listener_asks(check.config, route))
        report(&check, owner(&check, "max_sessions_per_user"), "add auth, or use max_sessions",
               "has no effect without auth");
    if (route->auth.asked_for != CONFIG_AUTH_FOR_WEBSOCKET)
        return;
    if (route->auth.count == 0)
        report(&check, owner(&check, "auth_for"), "add auth, or remove it",
               "has no effect without auth");
    if (config_auth_login(&route->auth))
        report(&check, owner(&check, "auth_for"), "set it to all",
               "a login has a page, which is a plain request");
}
