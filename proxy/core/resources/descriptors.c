#include "core/resources/descriptors.h"

#include "config/rules/route/route_set.h"

/* Standard streams, the main loop, log, syslog, systemd, a command, and some that are inherited. */
#define OF_PROCESS 24
#define OF_WORKER  7 /* a loop, its wake-up, its epoll sets, its mailbox */

/*
 * A reload reads one file at a time, an upgrade has two pipes and a link, and opens another one to
 * each process from before, a log has two files for a moment.
 */
#define OF_WORK       12
#define NEW_LISTENERS 8

#define OF_SERVICE        4 /* connections that a worker keeps to a service (http_origin.h) */
#define OF_LOOKUP         2 /* a resolver's sockets; a folder and a file in it */
#define OPERATORS_DEFAULT 64
#define OVER_LIMIT_MOST   16
#define ATTEMPTS_MOST     512
#define ATTEMPTS_SHARE    32 /* of the limit */
#define DUCTS_MOST        32
#define DUCTS_SHARE       64 /* of the limit */
#define OF_DUCT           2

struct descriptors_listener descriptors_listener(const struct config *config, size_t listener)
{
    const struct config_listener *own = &config->listeners[listener];
    unsigned kinds = route_set_kinds(config, own);
    struct descriptors_listener terms = {
        .operators = route_set_is_for_operators(kinds),
        .over_limit = route_set_shares_liveness(kinds) && own->tls.mode != CONFIG_TLS_REQUIRED,
        .connection = 1,
    };
    terms.connection += (kinds & (ROUTE_SET_BRIDGE | ROUTE_SET_FILES)) != 0;
    terms.connection += (kinds & ROUTE_SET_RECORDED) != 0;
    if (terms.operators)
        terms.connections = own->max_connections > 0 ? own->max_connections : OPERATORS_DEFAULT;
    return terms;
}

uint32_t descriptors_attempts(const struct descriptors_host *host)
{
    uint64_t all = size_min(host->limit / ATTEMPTS_SHARE, ATTEMPTS_MOST);
    return (uint32_t)(all / (host->workers > 0 ? host->workers : 1));
}

uint32_t descriptors_ducts(const struct descriptors_host *host)
{
    uint64_t all = host->limit / DUCTS_SHARE / OF_DUCT;
    return (uint32_t)size_min(all / (host->workers > 0 ? host->workers : 1), DUCTS_MOST);
}

static bool has_token_folder(const struct config_tokens *tokens)
{
    return tokens->file || tokens->directory || tokens->sockets;
}

/* Folders of files and of tokens stay open; a reload has those of both configurations. */
static uint64_t folders(const struct config *config)
{
    uint64_t count = 0;
    for (size_t i = 0; i < config->route_count; i++)
        count +=
            (config->routes[i].files.root != NULL) + has_token_folder(&config->routes[i].tokens);
    return count;
}

static uint64_t asked_by(const struct config_auth_set *auth)
{
    uint64_t count = 0;
    for (size_t i = 0; i < auth->count; i++)
        count += auth->methods[i].forward.url || auth->methods[i].ticket.key.url;
    return count;
}

/* Services that are asked over HTTP, and Redis servers. While a request is under way, its client's
 * share covers it. */
static uint64_t services(const struct config *config)
{
    uint64_t count = 0;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_route *route = &config->routes[i];
        count += route->tokens.http.url != NULL || route->tokens.redis.url != NULL;
        count += asked_by(&route->auth);
    }
    for (size_t i = 0; i < config->listener_count; i++)
        count += asked_by(&config->listeners[i].auth);
    return count;
}

static uint64_t probes(const struct config *config)
{
    uint64_t count = 0;
    for (size_t i = 0; i < config->route_count; i++)
        for (size_t j = 0; j < config->routes[i].target_count; j++)
            count += config->routes[i].targets[j].probe != CONFIG_PROBE_OFF;
    return count > 0 ? count + DESCRIPTORS_PROBE_ATTEMPTS : 0;
}

/* The operators' listeners, whether one serves liveness to clients, the most of one connection. */
struct needs {
    uint64_t operators, connection;
    bool over_limit;
};

static struct needs needs_of(const struct config *config)
{
    struct needs needs = {.connection = 1};
    for (size_t i = 0; i < config->listener_count; i++) {
        struct descriptors_listener terms = descriptors_listener(config, i);
        needs.operators += terms.operators;
        needs.over_limit = needs.over_limit || terms.over_limit;
        if (terms.connection > needs.connection)
            needs.connection = terms.connection;
    }
    return needs;
}

static void plan_operators(struct descriptors_plan *plan, const struct config *config,
                           uint64_t count, uint64_t share)
{
    if (count == 0)
        return;
    plan->operators_each = share / count > 0 ? share / count : 1;
    for (size_t i = 0; i < config->listener_count; i++)
        plan->operators +=
            size_min(descriptors_listener(config, i).connections, plan->operators_each);
}

struct descriptors_plan descriptors_plan(const struct config *config,
                                         const struct descriptors_host *host)
{
    struct needs needs = needs_of(config);
    struct descriptors_plan plan = {
        .process = OF_PROCESS + OF_WORKER * host->workers +
                   OF_DUCT * descriptors_ducts(host) * host->workers + config->listener_count +
                   folders(config) + probes(config) + host->links +
                   OF_SERVICE * host->workers * services(config),
        .attempts = descriptors_attempts(host) * host->workers,
    };
    uint64_t left = host->limit > plan.process ? host->limit - plan.process : 0;
    plan.work = size_min(left / 4, OF_WORK + config->listener_count + NEW_LISTENERS +
                                       folders(config) + host->links);
    plan.lookups = size_min(left / 8, OF_LOOKUP * host->pool_threads);
    plan_operators(&plan, config, needs.operators, left / 4);
    if (needs.over_limit)
        plan.over_limit = left / 16 > 0 ? size_min(left / 16, OVER_LIMIT_MOST) : 1;
    uint64_t reserved = plan.work + plan.lookups + plan.attempts + plan.operators + plan.over_limit;
    plan.clients = left > reserved + needs.connection ? left - reserved : needs.connection;
    return plan;
}
