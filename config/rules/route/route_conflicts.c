#include "config/rules/route/route_conflicts.h"

#include "config/model/name_map.h"
#include "config/model/pattern.h"
#include "config/rules/route/route_check.h"

struct table {
    const struct config *config;
    struct name_map named; /* by any listener */
    struct name_map keys;  /* host and path, to the first route that has them */
    size_t *next;          /* the next route of the same key; 0: none */
    size_t *last;          /* of the first route of a key: the last one */
    char **texts;
};

static bool is_named(const struct table *table, const struct config_route *route)
{
    size_t number;
    const char *name = config_route_name(route);
    return name_map_find(&table->named, slice_of(name), &number);
}

/* Does a listener serve both? */
static bool share_listener(const struct table *table, const struct config_route *a,
                           const struct config_route *b)
{
    if (is_named(table, a) != is_named(table, b))
        return false;
    struct slice name = slice_of(config_route_name(a)), other = slice_of(config_route_name(b));
    if (!is_named(table, a) || slice_equal(name, other))
        return true;
    for (size_t i = 0; i < table->config->listener_count; i++) {
        const struct config_texts *routes = &table->config->listeners[i].routes;
        if (config_texts_has(routes, name) && config_texts_has(routes, other))
            return true;
    }
    return false;
}

/* Host and path in canonical form: case and a final dot of the host are ignored. */
static char *make_key(const struct config_route *route)
{
    const char *host = route->host ? route->host : "";
    size_t length = strlen(host);
    if (length > 0 && host[length - 1] == '.')
        length--;
    char *key = calloc(1, length + strlen(route->path) + 2);
    if (!key)
        return NULL;
    for (size_t i = 0; i < length; i++)
        key[i] = ascii_lower(host[i]);
    pattern_canonical_path(route->path, key + length);
    return key;
}

static bool compare_route(const struct route_check *check, struct table *table)
{
    const struct config_route *routes = check->config->routes;
    size_t index = check->index, first = index;
    char *key = table->texts[index] = make_key(check->route);
    if (!key)
        return false;
    switch (name_map_add(&table->keys, slice_of(key), &first)) {
    case NAME_MAP_NO_MEMORY:
        return false;
    case NAME_MAP_ADDED:
        table->last[index] = index;
        return true;
    case NAME_MAP_FOUND:
        break;
    }
    for (size_t other = first;; other = table->next[other]) {
        if (share_listener(table, &routes[other], check->route)) {
            struct option_ref there = {.section = OPTIONS_ROUTE, .outer = other};
            char place[300];
            option_ref_print_place(check->names, there, place, sizeof(place));
            route_check_report(
                check, route_check_option(check, NULL), "change the path or the host of one",
                "matches the same requests as routes[%zu]%s: same listeners, host and path", other,
                place);
            break;
        }
        if (table->next[other] == 0)
            break;
    }
    table->next[table->last[first]] = index;
    table->last[first] = index;
    return true;
}

static bool collect_names(struct table *table)
{
    for (size_t i = 0; i < table->config->listener_count; i++) {
        const struct config_texts *routes = &table->config->listeners[i].routes;
        for (size_t j = 0; j < routes->count; j++) {
            size_t number = 0;
            if (name_map_add(&table->named, slice_of(routes->items[j]), &number) ==
                NAME_MAP_NO_MEMORY)
                return false;
        }
    }
    return true;
}

/* Does each listener name its routes? Then a route that none names is not served. */
static bool all_name_routes(const struct config *config)
{
    for (size_t i = 0; i < config->listener_count; i++)
        if (config->listeners[i].routes.count == 0)
            return false;
    return config->listener_count > 0;
}

static bool compare_routes(struct route_check *check, struct table *table)
{
    /* With errors, a name may be misspelled in a listener. */
    bool chosen = check->diag->errors == 0 && all_name_routes(check->config),
         ok = collect_names(table);
    for (check->index = 0; ok && check->index < check->config->route_count; check->index++) {
        check->route = &check->config->routes[check->index];
        if (option_ref_is_faulty(check->names, OPTIONS_ROUTE, check->index))
            continue;
        if (chosen && !is_named(table, check->route))
            option_ref_report(check->names, check->diag, DIAG_WARNING,
                              route_check_option(check, NULL),
                              "add its name to the routes of a listener", "no listener serves it");
        ok = compare_route(check, table);
    }
    return ok;
}

void route_conflicts_check(const struct config *config, const struct option_locator *names,
                           struct diag *diag)
{
    size_t count = config->route_count;
    struct route_check check = {.config = config, .names = names, .diag = diag};
    struct table table = {.config = config,
                          .next = calloc(count + 1, sizeof(*table.next)),
                          .last = calloc(count + 1, sizeof(*table.last)),
                          .texts = calloc(count + 1, sizeof(*table.texts))};
    if (!table.next || !table.last || !table.texts || !compare_routes(&check, &table))
        diag_out_of_memory(diag);
    for (size_t i = 0; table.texts && i < count; i++)
        free(table.texts[i]);
    free(table.texts);
    free(table.next);
    free(table.last);
    name_map_free(&table.keys);
    name_map_free(&table.named);
}
