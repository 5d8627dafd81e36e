#include "config/rules/route/target_rules.h"

#include "config/model/redis_url.h"
#include "config/rules/route/capture_rules.h"

static void check_target_captures(const struct route_check *check, size_t index)
{
    const struct config_target *target = &check->route->targets[index];
    struct option_ref option = route_check_target(check, index, "address");
    const char *path = target->address.path;
    if (path && strpbrk(path, "{}"))
        route_check_report(check, option, "write a fixed path, or a host",
                           "the path of a Unix socket must not contain '{' or '}'");
    bool host_varies = capture_rules_check_template(check, option, target->address.host);
    option.key = "server_name";
    bool name_varies = capture_rules_check_template(check, option, target->server_name);
    if ((host_varies || name_varies) && target->probe != CONFIG_PROBE_OFF)
        route_check_report(
            check, route_check_target(check, index, "probe"), "remove it",
            "has no effect on a target with {NAME}: a probe has no request to take it from");
}

static struct option_ref with_key(struct option_ref option, const char *key)
{
    option.key = key;
    return option;
}

/* `option`: the target, or the tokens that all have these options in common. */
static void check_target_tls(const struct route_check *check, const struct config_target *target,
                             struct option_ref option)
{
    const struct {
        const char *key;
        bool given;
    } options[] = {
        {"server_name", target->server_name != NULL},
        {"ca", target->ca != NULL},
        {"certificate", target->certificate != NULL},
        {"insecure", target->insecure},
        {"pins", target->pins.count > 0},
    };
    const char *remedy = option.section == OPTIONS_TOKENS ? "add tls: true"
                         : option.section == OPTIONS_TOKENS_REDIS
                             ? "write the url as rediss://HOST:PORT"
                         : target->ws.path ? "write the address as wss://HOST/PATH"
                                           : "write the address as tls://HOST:PORT";
    for (size_t i = 0; !target->tls && !target->tls_on_demand && i < WSL_COUNT(options); i++)
        if (options[i].given)
            route_check_report(check, with_key(option, options[i].key), remedy,
                               "has no effect without TLS");
    if (target->tls && target->address.kind == CONFIG_ADDRESS_UNIX && !target->server_name &&
        !target->insecure)
        route_check_report(check, with_key(option, "server_name"),
                           "set the name that the certificate has",
                           "TLS to a Unix socket has no host to verify the certificate against");
    if (target->insecure && target->ca)
        route_check_report(check, with_key(option, "insecure"), "remove one of them",
                           "there is a ca as well, which verifies the target");
    if (target->key && !target->certificate)
        route_check_report(check, with_key(option, "key"), "set certificate as well",
                           "a key needs its certificate");
    if (target->key_password && !target->certificate)
        route_check_report(check, with_key(option, "key_password"), "set certificate and key",
                           "there is no key to decrypt");
}

/* Where the address is not where to connect to. */
static void check_dialled(const struct route_check *check, size_t index)
{
    const struct config_target *target = &check->route->targets[index];
    const struct config_address *to = &target->connect_to;
    struct option_ref option = route_check_target(check, index, "connect_to");
    bool socket = to->path || (!to->host && target->address.path);
    if ((to->host && strpbrk(to->host, "{}")) || (to->path && strpbrk(to->path, "{}")))
        route_check_report(check, option, "write a fixed one", "must not contain {NAME}s");
    if ((to->host || to->path) && !target->tls && !target->ws.path)
        route_check_report(check, option, "write it as the address",
                           "a target without TLS and WebSocket is not told its name");
    if (target->family != CONFIG_FAMILY_ANY && socket)
        route_check_report(check, with_key(option, "family"), "remove it",
                           "a Unix socket has no IP address");
}

/* A proxy connects by TCP, and to no program of this machine's user. */
static void check_proxy(const struct route_check *check, size_t index)
{
    const struct config_target *target = &check->route->targets[index];
    const struct config_address *to = config_target_place(target, &target->address);
    if (target->proxy && to->path)
        route_check_report(check, route_check_target(check, index, "proxy"), "remove it",
                           "a Unix socket is not reached through a proxy");
    if (target->proxy && target->is_command && index == 0)
        route_check_report(check, route_check_target(check, index, "proxy"), "remove it",
                           "the command runs on this machine");
}

static void check_targets(const struct route_check *check)
{
    for (size_t i = 0; i < check->route->target_count; i++) {
        const struct config_target *target = &check->route->targets[i];
        if (!target->address.host && !target->address.path) {
            if (check->names->flags)
                route_check_report(check, route_check_target(check, i, "address"),
                                   "name the HOST:PORT that its clients reach",
                                   "a route needs a target");
            continue; /* in a file it was a finding already */
        }
        check_target_captures(check, i);
        check_target_tls(check, target, route_check_target(check, i, NULL));
        check_dialled(check, i);
        check_proxy(check, i);
        if (target->probe == CONFIG_PROBE_BANNER && !target->banner && !check->route->expect)
            route_check_report(check, route_check_target(check, i, "probe"),
                               "add banner: ssh, or what the target sends first",
                               "there is no banner to compare with");
        if (target->banner && target->probe != CONFIG_PROBE_BANNER)
            route_check_report(check, route_check_target(check, i, "banner"), "add probe: banner",
                               "only probe: banner uses it");
    }
}

/* ---- tokens ---- */

static bool permits_sockets(const struct config_texts *permit)
{
    for (size_t i = 0; i < permit->count; i++)
        if (strncmp(permit->items[i], "unix:", 5) == 0 || strcmp(permit->items[i], "any") == 0)
            return true;
    return permit->count == 0;
}

static void check_tokens(const struct route_check *check)
{
    const struct config_tokens *tokens = &check->route->tokens;
    const struct option_ref option = {.section = OPTIONS_TOKENS, .outer = check->index};
    const char *path = check->route->path;
    if (!config_route_has_tokens(check->route))
        return;
    if (tokens->from.count == 0)
        route_check_report(check, with_key(option, "from"), "name a place, such as query:token",
                           "no place is named, so that no request has a token");
    if (tokens->ticket.unlimited && tokens->ticket.single_use)
        route_check_report(
            check,
            with_key((struct option_ref){.section = OPTIONS_TOKENS_TICKET, .outer = check->index},
                     "unlimited"),
            "remove one of them",
            "excludes single_use: used tickets are remembered until they expire");
    if (tokens->format != CONFIG_TOKENS_LINES && !tokens->file)
        route_check_report(check, with_key(option, "format"), "remove it",
                           "has no effect without file");
    if (tokens->sockets && !permits_sockets(&tokens->permit))
        route_check_report(check, with_key(option, "permit"), "add unix: with the folder and /*",
                           "permits none of the sockets");
    check_target_tls(check, &tokens->target, option);
    capture_rules_check_template(check, with_key(option, "server_name"),
                                 tokens->target.server_name);
    if (config_texts_has(&tokens->from, SLICE("path")) && path[strlen(path) - 1] != '*')
        route_check_report(check, with_key(option, "from"), "end the path with /*",
                           "the route's path has no /* for the token");
}

/* `more`: in an option of its own; `in_url`: the same in the URL. */
static void check_once(const struct route_check *check, struct option_ref option, const char *more,
                       const char *in_url)
{
    if (more && in_url)
        route_check_report(check, option, "remove one of them", "the url has one as well");
}

static void check_redis(const struct route_check *check)
{
    const struct config_token_redis *redis = &check->route->tokens.redis;
    const struct option_ref option = {.section = OPTIONS_TOKENS_REDIS, .outer = check->index};
    struct config_target server = redis->server;
    struct redis_url url;
    if (!redis->url || redis_url_parse(redis->url, &url))
        return;
    check_once(check, with_key(option, "user"), redis->user, url.user);
    check_once(check, with_key(option, "password"), redis->password, url.password);
    if ((redis->user || url.user) && !redis->password && !url.password)
        route_check_report(check, with_key(option, redis->user ? "user" : "url"),
                           "set password as well", "a user needs its password");
    server.tls = url.tls;
    server.address = url.address;
    check_target_tls(check, &server, option);
    redis_url_wipe(&url);
}

void target_rules_check(const struct route_check *check)
{
    check_targets(check);
    check_tokens(check);
    check_redis(check);
}
