#include "config/rules/warnings.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/model/pattern.h"
#include "config/rules/route/route_set.h"

/* Does the listener serve sessions or files? */
static bool has_users(const struct config *config, const struct config_listener *listener)
{
    return (route_set_kinds(config, listener) & (ROUTE_SET_BRIDGE | ROUTE_SET_FILES)) != 0;
}

static bool is_local(const struct config_address *address)
{
    const char *host = address->host;
    return address->kind == CONFIG_ADDRESS_TCP && host &&
           (strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
            strncmp(host, "127.", 4) == 0);
}

static bool is_loopback(const struct config_listener *listener)
{
    return is_local(&listener->address);
}

/* Can clients of other machines connect without being in allow or having a certificate? */
static bool is_open(const struct config_listener *listener)
{
    return listener->address.kind == CONFIG_ADDRESS_TCP && !is_loopback(listener) &&
           listener->allow.count == 0 && listener->tls.client_verify != CONFIG_VERIFY_REQUIRED;
}

static bool is_for_operators(const struct config_route *route)
{
    return (route->kind == CONFIG_KIND_STATUS || route->kind == CONFIG_KIND_METRICS) &&
           route->allow.count == 0;
}

/*
 * DNS rebinding: a page whose owner points its host name at 127.0.0.1 has the same origin as a
 * loopback listener, so the check of Origin does not refuse it. These prevent it: a host in the
 * route; TLS, as the certificate is for another name; a token or a password, which the page does
 * not know. With trusted proxies the machine is a server, where no browser runs.
 */
static bool can_be_rebound(const struct config_listener *listener, const struct config_route *route)
{
    return !listener->raw && is_loopback(listener) && listener->tls.mode != CONFIG_TLS_REQUIRED &&
           listener->trusted_proxies.count == 0 && route->kind == CONFIG_KIND_BRIDGE &&
           !route->host && !config_route_has_tokens(route) &&
           config_auth_of(listener, route)->count == 0 &&
           !config_texts_has(&route->origins, SLICE("any"));
}

/* The number of the listener; that of all listeners: none. */
static size_t rebinding_listener(const struct config *config, const struct config_route *route)
{
    size_t i = 0;
    while (i < config->listener_count && (!can_be_rebound(&config->listeners[i], route) ||
                                          !route_set_has(config, &config->listeners[i], route)))
        i++;
    return i;
}

/* One finding, at the first such route: all routes of a file are often alike. */
static void check_rebinding(const struct config *config, const struct option_locator *names,
                            struct diag *diag)
{
    struct option_ref option = {.section = OPTIONS_ROUTE};
    size_t listener = 0, routes = 0;
    char others[64] = "";
    for (size_t i = 0; i < config->route_count; i++) {
        size_t one = rebinding_listener(config, &config->routes[i]);
        if (one == config->listener_count || routes++ > 0)
            continue;
        option.outer = i;
        listener = one;
    }
    if (routes > 1)
        snprintf(others, sizeof(others), "; the same holds for %zu more route%s", routes - 1,
                 routes > 2 ? "s" : "");
    if (routes > 0)
        option_ref_report(names, diag, DIAG_WARNING, option,
                          "add host: with the name that clients ask for, such as localhost",
                          "any web page can connect through listeners[%zu] by pointing its own "
                          "name at this machine (DNS rebinding)%s",
                          listener, others);
}

/* Status and metrics on an open listener that serves users as well. */
static void check_pages(const struct config *config, const struct option_locator *names,
                        struct diag *diag, size_t index)
{
    const struct config_route *route = &config->routes[index];
    const char *key = route->kind == CONFIG_KIND_STATUS ? "status" : "metrics";
    struct option_ref option = {.section = OPTIONS_ROUTE, .outer = index, .key = key};
    for (size_t i = 0; is_for_operators(route) && i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        if (!is_open(listener) || !route_set_has(config, listener, route) ||
            !has_users(config, listener) || config_auth_of(listener, route)->count > 0)
            continue;
        option_ref_report(names, diag, DIAG_WARNING, option,
                          "add allow, or give it a listener of its own",
                          "everyone who can connect to listeners[%zu] can read it", i);
        return;
    }
}

/* Over a limit a connection is closed before TLS, where a probe cannot be recognised. */
static void check_liveness(const struct config *config, const struct option_locator *names,
                           struct diag *diag, size_t index)
{
    const struct config_route *route = &config->routes[index];
    struct option_ref option = {.section = OPTIONS_ROUTE, .outer = index, .key = "health"};
    for (size_t i = 0; route->health == CONFIG_HEALTH_LIVE && i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        if (listener->tls.mode == CONFIG_TLS_OFF || !route_set_has(config, listener, route) ||
            route_set_is_for_operators(route_set_kinds(config, listener)))
            continue;
        option_ref_report(names, diag, DIAG_WARNING, option, "give it a listener of its own",
                          "when a client limit is reached, listeners[%zu] closes TLS connections "
                          "unanswered, those of health probes as well",
                          i);
        return;
    }
}

/* Over TCP, without TLS, from other machines, and not from a proxy, which may have ended TLS. */
static bool is_readable(const struct config_listener *listener)
{
    return listener->address.kind == CONFIG_ADDRESS_TCP && !is_loopback(listener) &&
           listener->tls.mode != CONFIG_TLS_REQUIRED && listener->trusted_proxies.count == 0;
}

static bool takes_passwords(const struct config_auth *auth)
{
    return config_auth_has(auth, CONFIG_AUTH_BASIC) || config_auth_has(auth, CONFIG_AUTH_LOGIN);
}

/* The first method that takes passwords: *option names it, in its set. False: none. */
static bool find_passwords(const struct config_auth_set *set, struct option_ref *option)
{
    size_t i = 0;
    while (i < set->count && !takes_passwords(&set->methods[i]))
        i++;
    if (i == set->count)
        return false;
    option->section = config_auth_has(&set->methods[i], CONFIG_AUTH_BASIC) ? OPTIONS_AUTH_BASIC
                                                                           : OPTIONS_AUTH_LOGIN;
    option->inner = i;
    return true;
}

static void warn_of_passwords(const struct option_locator *names, struct diag *diag,
                              struct option_ref option, size_t listener)
{
    option_ref_report(names, diag, DIAG_WARNING, option,
                      "give the listener tls:, or trusted_proxies if a proxy in front has it",
                      "passwords are readable on their way to listeners[%zu]", listener);
}

static void check_passwords(const struct config *config, const struct option_locator *names,
                            struct diag *diag, size_t index)
{
    const struct config_route *route = &config->routes[index];
    struct option_ref option = {.outer = index};
    if (!find_passwords(&route->auth, &option))
        return;
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        if (!is_readable(listener) || !route_set_has(config, listener, route))
            continue;
        warn_of_passwords(names, diag, option, i);
        return;
    }
}

static void check_listener_passwords(const struct config *config,
                                     const struct option_locator *names, struct diag *diag,
                                     size_t index)
{
    const struct config_listener *listener = &config->listeners[index];
    struct option_ref option = {.outer = index, .within = OPTIONS_LISTENER_AUTH};
    if (is_readable(listener) && find_passwords(&listener->auth, &option))
        warn_of_passwords(names, diag, option, index);
}

/* The option with credentials for a target that speaks WebSocket; NULL: there are none. */
static const char *credentials_of(const struct config_ws_target *ws)
{
    for (size_t i = 0; i < ws->header_count; i++)
        if (ws->headers[i].name && strcasecmp(ws->headers[i].name, "Authorization") == 0)
            return "headers";
    return ws->bearer ? "bearer" : ws->password ? "password" : NULL;
}

/* Credentials of ours, in the clear to another machine. */
static void check_credentials(const struct config *config, const struct option_locator *names,
                              struct diag *diag, size_t index)
{
    const struct config_route *route = &config->routes[index];
    for (size_t i = 0; i < route->target_count; i++) {
        const struct config_target *target = &route->targets[i];
        const struct config_address *address = config_target_place(target, &target->address);
        struct option_ref option = {.section = OPTIONS_WEBSOCKET,
                                    .outer = index,
                                    .inner = i,
                                    .key = credentials_of(&target->ws)};
        bool readable = !target->tls && address->kind == CONFIG_ADDRESS_TCP && !is_local(address);
        if (readable && option.key)
            option_ref_report(names, diag, DIAG_WARNING, option, "write wss://, if the target can",
                              "it is readable on its way to the target");
    }
}

/* ---- captured hosts ---- */

static const char *pattern_of(const struct config_route *route, struct slice name)
{
    for (size_t i = 0; i < route->capture_count; i++) {
        const struct config_capture *capture = &route->captures[i];
        if (slice_equal(name, slice_of(capture->name)))
            return capture->pattern;
    }
    return NULL;
}

/* Neither the template nor a pattern has a fixed part. */
static bool is_any_host(const struct config_route *route, const char *host)
{
    const char *text = host, *cursor = host;
    struct slice name;
    while (pattern_next_capture(&cursor, &name)) {
        const char *pattern = pattern_of(route, name);
        if (strspn(text, ".") != (size_t)(name.ptr - 1 - text) ||
            (pattern && pattern_is_specific(pattern)))
            return false;
        text = cursor;
    }
    return text != host && text[strspn(text, ".")] == '\0';
}

static void check_hosts(const struct config *config, const struct option_locator *names,
                        struct diag *diag, size_t index)
{
    const struct config_route *route = &config->routes[index];
    for (size_t i = 0; i < route->target_count; i++) {
        struct option_ref option = {
            .section = OPTIONS_TARGET, .outer = index, .inner = i, .key = "address"};
        const char *host = route->targets[i].address.host;
        if (host && is_any_host(route, host))
            option_ref_report(
                names, diag, DIAG_WARNING, option,
                "write a fixed part: {NAME}.desks.internal here, or "
                "desk-[0-9]{1,4} as the pattern",
                "clients choose the whole host name, so they can reach every host that the "
                "pattern allows, such as localhost");
    }
}

void warnings_check(const struct config *config, const struct option_locator *names,
                    struct diag *diag)
{
    for (size_t i = 0; i < config->listener_count; i++)
        check_listener_passwords(config, names, diag, i);
    for (size_t i = 0; i < config->route_count; i++) {
        check_pages(config, names, diag, i);
        check_liveness(config, names, diag, i);
        check_passwords(config, names, diag, i);
        check_credentials(config, names, diag, i);
        check_hosts(config, names, diag, i);
    }
    if (!names->flags) /* the quick command line accepts any origin, as its help says */
        check_rebinding(config, names, diag);
}
