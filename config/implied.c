#include "config/implied.h"

/* Does the node set the option, in that section of it? NULL: in itself. */
static bool is_given(const struct yaml_tree_node *node, const char *section, const char *key)
{
    const struct yaml_tree_pair *pair = section ? yaml_tree_find(node, section) : NULL;
    if (section)
        node = pair ? pair->value : NULL;
    return yaml_tree_find(node, key) != NULL;
}

static void apply_to_log(struct config_log *log, const struct source_map *map, struct diag *diag)
{
    struct option_ref option = {.section = OPTIONS_LOG, .key = "syslog"};
    if (is_given(map->root, "log", "target"))
        return;
    if (log->file && log->syslog)
        option_ref_report(&map->names, diag, DIAG_ERROR, option, "set log.target to file or syslog",
                          "log.file is set as well");
    if (log->file)
        log->target = CONFIG_LOG_FILE;
    else if (log->syslog)
        log->target = CONFIG_LOG_SYSLOG;
}

static void apply_to_listener(struct config_listener *listener, const struct config *config,
                              const struct yaml_tree_node *node)
{
    struct config_tls *tls = &listener->tls;
    if (tls->certificate_count > 0 && !is_given(node, "tls", "mode"))
        tls->mode = CONFIG_TLS_REQUIRED;
    if (tls->client_ca && !is_given(node, "tls", "client_verify"))
        tls->client_verify = CONFIG_VERIFY_REQUIRED;
    if (!is_given(node, NULL, "trusted_proxies"))
        listener->trusted_proxies = config->trusted_proxies;
}

static void apply_to_route(struct config_route *route)
{
    route->tokens.target.tls_on_demand = config_tokens_may_use_tls(&route->tokens);
    if (route->redirect)
        route->kind = CONFIG_KIND_REDIRECT;
    else if (route->health != CONFIG_HEALTH_OFF)
        route->kind = CONFIG_KIND_HEALTH;
    else if (route->status)
        route->kind = CONFIG_KIND_STATUS;
    else if (route->files.root && route->target_count == 0 && !config_route_has_tokens(route))
        route->kind = CONFIG_KIND_FILES;
}

void implied_apply(struct config *config, const struct source_map *map, struct diag *diag)
{
    apply_to_log(&config->log, map, diag);
    for (size_t i = 0; i < config->listener_count && i < map->listeners.count; i++)
        apply_to_listener(&config->listeners[i], config, map->listeners.items[i].node);
    for (size_t i = 0; i < config->route_count; i++)
        apply_to_route(&config->routes[i]);
}
