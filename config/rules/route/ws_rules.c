#include "config/rules/route/ws_rules.h"

#include <string.h>
#include <strings.h>

#include "config/rules/route/capture_rules.h"

static struct option_ref of_ws(const struct route_check *check, size_t target, const char *key)
{
    struct option_ref option = route_check_target(check, target, key);
    option.section = OPTIONS_WEBSOCKET;
    return option;
}

/* ---- targets that speak none ---- */

static void check_unused(const struct route_check *check, size_t index)
{
    const struct config_ws_target *ws = &check->route->targets[index].ws;
    const struct {
        const char *key;
        bool given;
    } options[] = {
        {"host", ws->host != NULL},
        {"origin", ws->origin != NULL},
        {"subprotocols", ws->subprotocols.count > 0},
        {"user", ws->user != NULL},
        {"password", ws->password != NULL},
        {"bearer", ws->bearer != NULL},
        {"eof", ws->eof != CONFIG_WS_EOF_HALF_CLOSE},
        {"headers", ws->header_count > 0},
    };
    for (size_t i = 0; i < WSL_COUNT(options); i++)
        if (options[i].given)
            route_check_report(check, of_ws(check, index, options[i].key),
                               "write the address as ws://HOST/PATH or wss://HOST/PATH",
                               "the target speaks no WebSocket");
}

/* ---- fields ---- */

/* The option that sets a field; "": the handshake does; NULL: neither. */
static const char *setter_of(const char *field)
{
    static const char handshake[] = "Sec-WebSocket-";
    static const struct {
        const char *field, *option;
    } fields[] = {
        {"Host", "host"},
        {"Origin", "origin"},
        {"Sec-WebSocket-Protocol", "subprotocols"},
        {"Connection", ""},
        {"Upgrade", ""},
        {"Content-Length", ""},
        {"Transfer-Encoding", ""},
        {"Trailer", ""},
        {"TE", ""},
        {"Expect", ""},
    };
    for (size_t i = 0; i < WSL_COUNT(fields); i++)
        if (strcasecmp(field, fields[i].field) == 0)
            return fields[i].option;
    return strncasecmp(field, handshake, sizeof(handshake) - 1) == 0 ? "" : NULL;
}

/* Of two, a server could use either. */
static bool occurs_again(const struct config_ws_target *ws, size_t index)
{
    const char *name = ws->headers[index].name;
    if (strcasecmp(name, "Authorization") != 0 && strcasecmp(name, "User-Agent") != 0)
        return false;
    for (size_t i = 0; i < index; i++)
        if (ws->headers[i].name && strcasecmp(ws->headers[i].name, name) == 0)
            return true;
    return false;
}

static void check_headers(const struct route_check *check, size_t index)
{
    const struct config_ws_target *ws = &check->route->targets[index].ws;
    struct option_ref option = of_ws(check, index, "headers");
    char remedy[64];
    for (size_t i = 0; i < ws->header_count; i++) {
        const char *name = ws->headers[i].name, *setter = name ? setter_of(name) : NULL;
        snprintf(remedy, sizeof(remedy), *(setter ? setter : "") ? "set %s instead" : "remove it",
                 setter);
        if (setter)
            route_check_report(check, option, remedy, "%s: wsluice sets this field itself", name);
        if (name && strcasecmp(name, "Authorization") == 0 && (ws->user || ws->bearer))
            route_check_report(check, option, "keep one of them", "%s: %s sets this field, too",
                               name, ws->user ? "user" : "bearer");
        if (name && occurs_again(ws, i))
            route_check_report(check, option, "keep one of them", "%s: the field is set twice",
                               name);
    }
}

static void check_credentials(const struct route_check *check, size_t index)
{
    const struct config_ws_target *ws = &check->route->targets[index].ws;
    if (ws->user && !ws->password)
        route_check_report(check, of_ws(check, index, "user"), "set password as well",
                           "a user needs its password");
    if (ws->password && !ws->user)
        route_check_report(check, of_ws(check, index, "password"), "set user as well",
                           "a password needs its user");
    if (ws->bearer && (ws->user || ws->password))
        route_check_report(check, of_ws(check, index, "bearer"), "keep one of them",
                           "user and password are set as well");
}

/* ---- lengths ---- */

static size_t length_of(const char *text)
{
    return text ? strlen(text) : 0;
}

/* One line of the request. */
static size_t field_length(const char *name, size_t value)
{
    return strlen(name) + strlen(": \r\n") + value;
}

static size_t headers_length(const struct config_ws_target *ws)
{
    size_t length = 0;
    for (size_t i = 0; i < ws->header_count; i++)
        length += field_length(ws->headers[i].name ? ws->headers[i].name : "",
                               length_of(ws->headers[i].value));
    return length;
}

static size_t subprotocols_length(const struct config_ws_target *ws)
{
    size_t length = 0;
    for (size_t i = 0; i < ws->subprotocols.count; i++)
        length += strlen(ws->subprotocols.items[i]) + strlen(", ");
    return field_length("Sec-WebSocket-Protocol", length);
}

/* What fills the request: the longest of its parts is at fault. */
static void check_request(const struct route_check *check, size_t index)
{
    const struct config_ws_target *ws = &check->route->targets[index].ws;
    const struct {
        const char *key;
        size_t length;
    } parts[] = {
        {"bearer", field_length("Authorization", strlen("Bearer ") + length_of(ws->bearer))},
        {"headers", headers_length(ws)},
        {"address", strlen(ws->path)},
        {"subprotocols", subprotocols_length(ws)},
        {"origin", field_length("Origin", length_of(ws->origin))},
        {"host", length_of(ws->host)},
    };
    size_t total = CONFIG_WS_REQUEST_OWN + (ws->user ? 4 * CONFIG_WS_LOGIN_MAX / 3 : 0), most = 0;
    for (size_t i = 0; i < WSL_COUNT(parts); i++) {
        total += parts[i].length;
        if (parts[i].length > parts[most].length)
            most = i;
    }
    if (total <= CONFIG_WS_REQUEST_MAX)
        return;
    bool address = strcmp(parts[most].key, "address") == 0;
    route_check_report(check,
                       address ? route_check_target(check, index, parts[most].key)
                               : of_ws(check, index, parts[most].key),
                       "make it shorter", "with it, the request is longer than %d KiB",
                       CONFIG_WS_REQUEST_MAX / 1024);
}

static void check_lengths(const struct route_check *check, size_t index)
{
    const struct config_ws_target *ws = &check->route->targets[index].ws;
    if (length_of(ws->user) + 1 + length_of(ws->password) > CONFIG_WS_LOGIN_MAX)
        route_check_report(check, of_ws(check, index, ws->password ? "password" : "user"),
                           "make them shorter", "user and password have more than %d bytes",
                           CONFIG_WS_LOGIN_MAX - 1);
    else
        check_request(check, index);
}

/* ---- subprotocols ---- */

static void check_subprotocols(const struct route_check *check, size_t index)
{
    const struct config_texts *texts = &check->route->targets[index].ws.subprotocols;
    struct option_ref option = of_ws(check, index, "subprotocols");
    if (texts->count > CONFIG_WS_SUBPROTOCOLS_MAX)
        route_check_report(check, option, "remove some", "there are more than %d",
                           CONFIG_WS_SUBPROTOCOLS_MAX);
    for (size_t i = 0; i < texts->count; i++)
        for (size_t j = 0; j < i; j++)
            if (string_equal(texts->items[i], texts->items[j]))
                route_check_report(check, option, "keep one of them", "%s is offered twice",
                                   texts->items[i]);
}

/* ---- the route ---- */

/* What looks at a target's first bytes looks at those of its connection. */
static void check_banners(const struct route_check *check, size_t index)
{
    if (check->route->targets[index].probe == CONFIG_PROBE_BANNER)
        route_check_report(check, route_check_target(check, index, "probe"), "write probe: connect",
                           "a target that speaks WebSocket sends no banner");
    if (check->route->expect && index == 0)
        route_check_report(check, route_check_option(check, "expect"), "remove it",
                           "the route's targets speak WebSocket, and send no banner first");
}

void ws_rules_check(const struct route_check *check)
{
    const struct config_route *route = check->route;
    for (size_t i = 0; i < route->target_count; i++) {
        const struct config_target *target = &route->targets[i];
        if (!target->ws.path) {
            check_unused(check, i);
            continue;
        }
        capture_rules_check_template(check, route_check_target(check, i, "address"),
                                     target->ws.path);
        check_headers(check, i);
        check_credentials(check, i);
        check_lengths(check, i);
        check_subprotocols(check, i);
        check_banners(check, i);
    }
    for (size_t i = 1; i < route->target_count; i++)
        if (!route->targets[i].ws.path != !route->targets[0].ws.path)
            route_check_report(check, route_check_target(check, i, "address"),
                               "make them routes of their own",
                               "some targets of the route speak WebSocket, and some do not");
}
