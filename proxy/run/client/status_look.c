#include "run/client/status_look.h"

#include "base/monotonic.h"
#include "config/rules/route/route_set.h"
#include "config/yaml/yaml_parse.h"
#include "run/client/http_client.h"

#define LOOK_MS   5000
#define ERROR_MAX 512
#define LINE_MAX  1000 /* of a finding */

/* ---- where ---- */

/* With the query behind the path of the route. */
static bool is_place(const struct config *config, const struct config_listener *listener,
                     const struct config_route *route, struct local_place *place)
{
    bool any_host = route->host && strchr(route->host, '*');
    if (route->kind != CONFIG_KIND_STATUS || any_host || listener->admin ||
        !route_set_has(config, listener, route) || local_place_find(listener, route, place))
        return false;
    size_t length = strlen(place->target), room = sizeof(place->target) - length;
    return (size_t)snprintf(place->target + length, room, "?format=json&limit=1") < room;
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

bool status_look_at(const struct local_place *place, const char *key, uint64_t deadline_ms,
                    struct status_look_facts *facts)
{
    uint64_t now = monotonic_ms(), left = now < deadline_ms ? deadline_ms - now : 0;
    if (left == 0)
        return false;
    struct http_client_answer answer;
    char error[ERROR_MAX];
    const struct http_client_request request = {.address = &place->address,
                                                .method = "GET",
                                                .target = place->target,
                                                .host = place->host[0] ? place->host : NULL,
                                                .timeout_ms =
                                                    (uint32_t)(left < LOOK_MS ? left : LOOK_MS)};
    if (!http_client_ask(&request, &answer, error, sizeof(error)))
        return false;
    bool read = answer.status == 200 && read_facts(answer.body, answer.length, key, facts);
    free(answer.body);
    return read;
}

bool status_look_find(const struct config *config, const char *key, uint64_t deadline_ms,
                      struct local_place *place, struct status_look_facts *facts)
{
    for (size_t i = 0; i < config->listener_count; i++)
        for (size_t j = 0; j < config->route_count; j++)
            if (is_place(config, &config->listeners[i], &config->routes[j], place) &&
                status_look_at(place, key, deadline_ms, facts))
                return true;
    return false;
}
