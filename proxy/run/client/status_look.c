#include "run/client/status_look.h"

#include "config/rules/route_set.h"
#include "config/yaml/yaml_parse.h"
#include "run/client/http_client.h"

#define ERROR_MAX 512
#define LINE_MAX  1000 /* of a finding */

/* ---- where ---- */

static bool find_target(const struct config_route *route, struct status_look_place *place)
{
    size_t length = strcspn(route->path, "*{");
    int printed = snprintf(place->target, sizeof(place->target), "%.*s?format=json&limit=1",
                           (int)length, route->path);
    return route->path[length] != '{' && (size_t)printed < sizeof(place->target);
}

static bool find_address(const struct config_listener *listener, struct config_address *address)
{
    *address = listener->address;
    if (address->kind == CONFIG_ADDRESS_TCP &&
        (!address->host || strcmp(address->host, "0.0.0.0") == 0))
        address->host = "127.0.0.1";
    else if (address->kind == CONFIG_ADDRESS_TCP && strcmp(address->host, "::") == 0)
        address->host = "::1";
    return listener->tls.mode != CONFIG_TLS_REQUIRED && !listener->admin &&
           (address->kind == CONFIG_ADDRESS_UNIX ||
            (address->kind == CONFIG_ADDRESS_TCP && address->port != 0));
}

static bool is_place(const struct config *config, const struct config_listener *listener,
                     const struct config_route *route, struct status_look_place *place)
{
    place->host = route->host;
    return route->kind == CONFIG_KIND_STATUS && !(route->host && strchr(route->host, '*')) &&
           route_set_has(config, listener, route) && find_address(listener, &place->address) &&
           find_target(route, place);
}

/* ---- what ---- */

static const char *text_of(const struct yaml_tree_node *mapping, const char *key)
{
    const struct yaml_tree_pair *pair = yaml_tree_find(mapping, key);
    bool scalar = pair && pair->value->kind == YAML_TREE_SCALAR && !pair->value->is_null;
    return scalar ? pair->value->text : "";
}

static uint64_t number_of(const struct yaml_tree_node *mapping, const char *key)
{
    return strtoull(text_of(mapping, key), NULL, 10);
}

static void read_text(const struct yaml_tree_node *verdict, struct status_look_facts *facts)
{
    size_t used = 0, room = sizeof(facts->text) - 2 * LINE_MAX;
    const struct yaml_tree_pair *pair = yaml_tree_find(verdict, "findings");
    size_t count = pair && pair->value->kind == YAML_TREE_SEQUENCE ? pair->value->count : 0;
    for (size_t i = 0; i < count && used < room; i++) {
        const struct yaml_tree_node *item = pair->value->items[i];
        if (item->kind == YAML_TREE_SCALAR)
            used +=
                (size_t)snprintf(facts->text + used, LINE_MAX + 2, "%.*s\n", LINE_MAX, item->text);
    }
    snprintf(facts->text + used, LINE_MAX, "%s", text_of(verdict, "message"));
}

/* JSON is YAML: the reader of configurations reads it. */
static bool read_facts(const char *body, size_t length, const char *key,
                       struct status_look_facts *facts)
{
    struct diag diag;
    diag_init(&diag);
    struct yaml_tree *tree = yaml_parse_text("status", body, length, &diag);
    const struct yaml_tree_pair *process =
        tree ? yaml_tree_find(yaml_tree_root(tree), "process") : NULL;
    const struct yaml_tree_pair *verdict = process ? yaml_tree_find(process->value, key) : NULL;
    if (verdict) {
        *facts = (struct status_look_facts){
            .pid = number_of(process->value, "pid"),
            .begun = number_of(verdict->value, "begun"),
            .ended = number_of(verdict->value, "ended"),
            .failed = strcmp(text_of(verdict->value, "failed"), "true") == 0,
        };
        snprintf(facts->version, sizeof(facts->version), "%s", text_of(process->value, "version"));
        read_text(verdict->value, facts);
    }
    yaml_tree_free(tree);
    diag_free(&diag);
    return verdict != NULL;
}

bool status_look_at(const struct status_look_place *place, const char *key, uint32_t timeout_ms,
                    struct status_look_facts *facts)
{
    struct http_client_answer answer;
    char error[ERROR_MAX];
    const struct http_client_request request = {.address = &place->address,
                                                .method = "GET",
                                                .target = place->target,
                                                .host = place->host,
                                                .timeout_ms = timeout_ms};
    if (!http_client_ask(&request, &answer, error, sizeof(error)))
        return false;
    bool read = answer.status == 200 && read_facts(answer.body, answer.length, key, facts);
    free(answer.body);
    return read;
}

bool status_look_find(const struct config *config, const char *key, uint32_t timeout_ms,
                      struct status_look_place *place, struct status_look_facts *facts)
{
    for (size_t i = 0; i < config->listener_count; i++)
        for (size_t j = 0; j < config->route_count; j++)
            if (is_place(config, &config->listeners[i], &config->routes[j], place) &&
                status_look_at(place, key, timeout_ms, facts))
                return true;
    return false;
}
