#include "core/route/route_table.h"

#include <search.h>

#include "codec/http/uri.h"

/* FNV-1a over parent and text; the upper bits are folded into those that choose the slot. */
static uint32_t hash_edge(uint32_t parent, struct slice text)
{
    uint32_t hash = 2166136261u ^ (parent * 2654435761u);
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (uint8_t)text.ptr[i]) * 16777619u;
    return hash ^ hash >> 15;
}

/* The slot of that edge, or the empty slot for it. */
static struct route_edge *find_slot(const struct route_table *table, uint32_t parent,
                                    struct slice text, uint32_t hash)
{
    for (uint32_t at = hash & table->edge_mask;; at = (at + 1) & table->edge_mask) {
        struct route_edge *edge = &table->edges[at];
        if (edge->child == 0 ||
            (edge->hash == hash && edge->parent == parent &&
             slice_equal((struct slice){table->text + edge->text, edge->length}, text)))
            return edge;
    }
}

uint32_t route_table_child(const struct route_table *table, uint32_t parent, struct slice text)
{
    return find_slot(table, parent, text, hash_edge(parent, text))->child;
}

static bool is_capture(struct slice segment)
{
    return segment.len > 0 && segment.ptr[0] == '{';
}

struct builder {
    struct route_table *table;
    const struct config *config;
    uint32_t *by_name; /* routes in the order of their names, then of the file */
    void *patterns;    /* the table's patterns as a tree, by text */
    char *text;        /* where the next text is copied to */
    size_t nodes;      /* the most that there can be */
    const char *error;
    const struct config_place *place;
};

static bool refuse(struct builder *b, const struct config_place *place, const char *error)
{
    b->place = place;
    b->error = error;
    return false;
}

static size_t count_of(const char *text, char c)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == c;
    return count;
}

static struct slice copy_text(struct builder *b, struct slice text)
{
    struct slice kept = {b->text, text.len};
    if (text.len > 0)
        memcpy(b->text, text.ptr, text.len);
    b->text += text.len;
    return kept;
}

static bool allocate(struct builder *b)
{
    const struct config *config = b->config;
    struct route_table *table = b->table;
    size_t text = 0, captures = 0;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_route *route = &config->routes[i];
        text += URI_NORMAL_MAX(strlen(route->path)) + (route->host ? strlen(route->host) : 0);
        captures += count_of(route->path, '{');
    }
    for (size_t i = 0; i < config->listener_count; i++)
        if (config->listeners[i].base_path)
            text += URI_NORMAL_MAX(strlen(config->listeners[i].base_path));
    wsl_assert(config->route_count < UINT32_MAX && text < UINT32_MAX);

    /* One more of each: none may be of size 0. */
    b->by_name = calloc(config->route_count + 1, sizeof(*b->by_name));
    b->text = table->text = malloc(text + 1);
    table->shapes = calloc(config->route_count + 1, sizeof(*table->shapes));
    table->captures = calloc(captures + 1, sizeof(*table->captures));
    table->patterns = calloc(captures + 1, sizeof(*table->patterns));
    table->listeners = calloc(config->listener_count + 1, sizeof(*table->listeners));
    return b->by_name && table->text && table->shapes && table->captures && table->patterns &&
           table->listeners;
}

static bool read_host(struct builder *b, const struct config_route *route, struct slice *host)
{
    struct slice text = slice_of(route->host);
    bool wildcard = text.len > 1 && text.ptr[0] == '*' && text.ptr[1] == '.';
    if (wildcard)
        text = (struct slice){text.ptr + 1, text.len - 1};
    if (text.len > 0 && text.ptr[text.len - 1] == '.')
        text.len--;
    bool named = text.len > 0 && text.len <= ROUTE_HOST_MAX && !memchr(text.ptr, '*', text.len) &&
                 (wildcard || text.ptr[0] != '.');
    if (route->host && !named)
        return refuse(b, &route->place, "host is neither a name nor a wildcard");
    *host = copy_text(b, text);
    for (char *p = b->text - text.len; p < b->text; p++)
        *p = ascii_lower(*p);
    return true;
}

static int compare_patterns(const void *left, const void *right)
{
    const struct route_pattern *a = left, *b = right;
    return strcmp(a->text, b->text);
}

static void keep_pattern(void *pattern)
{
    (void)pattern; /* owned by the table */
}

static const regex_t *compile(struct builder *b, const struct config_route *route, const char *text)
{
    struct route_pattern *fresh = &b->table->patterns[b->table->pattern_count];
    fresh->text = text;
    struct route_pattern **known = tsearch(fresh, &b->patterns, compare_patterns);
    if (known && *known != fresh)
        return &(*known)->compiled;
    int bad = known ? regcomp(&fresh->compiled, text, REG_EXTENDED) : REG_ESPACE;
    if (bad == REG_ESPACE)
        refuse(b, NULL, "out of memory");
    else if (bad != 0)
        refuse(b, &route->place, "pattern of a capture is not a regular expression");
    else
        b->table->pattern_count++;
    return bad == 0 ? &fresh->compiled : NULL;
}

/* A capture without a pattern is an error. */
static bool read_capture(struct builder *b, const struct config_route *route,
                         struct route_shape *shape, struct slice segment)
{
    struct slice name = {segment.ptr + 1, segment.len - 2};
    if (segment.ptr[segment.len - 1] != '}' || shape->capture_count == ROUTE_CAPTURES_MAX)
        return refuse(b, &route->place, "path has an open or a fifth capture");
    for (size_t i = 0; i < route->capture_count; i++) {
        struct slice given = slice_of(route->captures[i].name);
        if (!slice_equal(given, name))
            continue;
        const regex_t *pattern = compile(b, route, route->captures[i].pattern);
        b->table->captures[b->table->capture_count++] = (struct route_capture){given, pattern};
        shape->capture_count++;
        return pattern != NULL;
    }
    return refuse(b, &route->place, "capture of the path has no pattern");
}

static bool has_special_character(struct slice segment)
{
    for (size_t i = 0; i < segment.len; i++)
        if (strchr("*{}", segment.ptr[i]))
            return true;
    return false;
}

static bool read_path(struct builder *b, const struct config_route *route,
                      struct route_shape *shape)
{
    struct slice rest = slice_of(route->path);
    const char *begin = b->text;
    if (rest.len == 0 || rest.ptr[0] != '/')
        return refuse(b, &route->place, "path does not begin with '/'");
    while (rest.len > 0) {
        struct slice segment = route_table_cut(&rest),
                     with_slash = {segment.ptr - 1, segment.len + 1};
        struct slice normal;
        if (is_capture(segment)) {
            if (!read_capture(b, route, shape, segment))
                return false;
            copy_text(b, with_slash);
            continue;
        }
        bool star = rest.len == 0 && slice_equal(segment, SLICE("*"));
        if ((segment.len == 0 && rest.len > 0) || (!star && has_special_character(segment)))
            return refuse(b, &route->place, "path has '//', or a '*' or '{}' inside a segment");
        if (uri_normalise(with_slash, b->text, &normal) != REASON_none)
            return refuse(b, &route->place, "path is not one that a client can send");
        b->text += normal.len;
    }
    shape->path = (struct slice){begin, (size_t)(b->text - begin)};
    return true;
}

static bool read_routes(struct builder *b)
{
    for (size_t i = 0; i < b->config->route_count; i++) {
        const struct config_route *route = &b->config->routes[i];
        struct route_shape *shape = &b->table->shapes[i];
        shape->captures = b->table->capture_count;
        if (!read_host(b, route, &shape->host) || !read_path(b, route, shape))
            return false;
        b->by_name[i] = (uint32_t)i;
    }
    return true;
}

static bool read_listeners(struct builder *b)
{
    for (size_t i = 0; i < b->config->listener_count; i++) {
        const struct config_listener *listener = &b->config->listeners[i];
        struct route_listener *door = &b->table->listeners[i];
        door->scope = listener->routes.count > 0 ? (uint32_t)i + 1 : 0;
        if (!listener->base_path)
            continue;
        if (uri_normalise(slice_of(listener->base_path), b->text, &door->base) != REASON_none)
            return refuse(b, &listener->place, "base_path is not one that a client can send");
        b->text += door->base.len;
        if (door->base.ptr[door->base.len - 1] == '/')
            door->base.len--;
    }
    return true;
}

static int compare_names(const void *left, const void *right, void *routes)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    const struct config_route *all = routes;
    int order = strcmp(config_route_name(&all[a]), config_route_name(&all[b]));
    return order != 0 ? order : (a > b) - (a < b);
}

/* The first index into by_name whose name is not less than `name`. */
static size_t first_named(const struct builder *b, const char *name)
{
    size_t low = 0, high = b->config->route_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(config_route_name(&b->config->routes[b->by_name[middle]]), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

typedef void visit_fn(struct builder *b, uint32_t scope, uint32_t route);

static void visit_named(struct builder *b, uint32_t scope, const char *name, visit_fn *visit)
{
    for (size_t at = first_named(b, name); at < b->config->route_count; at++) {
        uint32_t route = b->by_name[at];
        if (strcmp(config_route_name(&b->config->routes[route]), name) != 0)
            break;
        b->table->shapes[route].named = true;
        visit(b, scope, route);
    }
}

/* Visits each route in each of its scopes. */
static void visit_all(struct builder *b, visit_fn *visit)
{
    for (size_t i = 0; i < b->config->listener_count; i++) {
        const struct config_texts *names = &b->config->listeners[i].routes;
        for (size_t n = 0; n < names->count; n++)
            visit_named(b, b->table->listeners[i].scope, names->items[n], visit);
    }
    for (uint32_t i = 0; i < b->config->route_count; i++)
        if (!b->table->shapes[i].named)
            visit(b, 0, i);
}

static void count_nodes(struct builder *b, uint32_t scope, uint32_t route)
{
    b->nodes += 1 + count_of(b->config->routes[route].path, '/');
}

/* `text` lies in the table's, or is empty. */
static uint32_t add_child(struct route_table *table, uint32_t parent, struct slice text)
{
    uint32_t hash = hash_edge(parent, text);
    struct route_edge *edge = find_slot(table, parent, text, hash);
    if (edge->child == 0)
        *edge = (struct route_edge){hash, parent, table->node_count++,
                                    text.len > 0 ? (uint32_t)(text.ptr - table->text) : 0,
                                    (uint32_t)text.len};
    return edge->child;
}

static uint32_t add_capture(struct route_table *table, uint32_t parent)
{
    if (table->nodes[parent].capture == 0)
        table->nodes[parent].capture = table->node_count++;
    return table->nodes[parent].capture;
}

static void add_route(struct builder *b, uint32_t scope, uint32_t route)
{
    struct route_table *table = b->table;
    struct slice rest = table->shapes[route].path;
    uint32_t at = add_child(table, scope, table->shapes[route].host);
    bool star = false;
    while (rest.len > 0) {
        struct slice segment = route_table_cut(&rest);
        star = slice_equal(segment, SLICE("*")); /* only the last segment can be */
        if (!star)
            at = is_capture(segment) ? add_capture(table, at) : add_child(table, at, segment);
    }
    uint32_t *end = star ? &table->nodes[at].prefix : &table->nodes[at].exact;
    if (*end == 0 || *end > route + 1)
        *end = route + 1;
}

/* Makes room for `count` edges and moves the present ones. */
static bool resize_edges(struct route_table *table, size_t count)
{
    size_t slots = 2, used = table->edges ? (size_t)table->edge_mask + 1 : 0;
    while (slots < 2 * count)
        slots *= 2;
    struct route_edge *old = table->edges, *edges = calloc(slots, sizeof(*edges));
    if (!edges)
        return false;
    wsl_assert(slots <= UINT32_MAX);
    table->edges = edges;
    table->edge_mask = (uint32_t)slots - 1;
    for (size_t i = 0; i < used; i++) {
        uint32_t at = old[i].hash & table->edge_mask;
        if (old[i].child == 0)
            continue;
        while (edges[at].child != 0)
            at = (at + 1) & table->edge_mask;
        edges[at] = old[i];
    }
    free(old);
    return true;
}

static bool add_all_routes(struct builder *b)
{
    struct route_table *table = b->table;
    b->nodes = b->config->listener_count + 1;
    qsort_r(b->by_name, b->config->route_count, sizeof(*b->by_name), compare_names,
            b->config->routes);
    visit_all(b, count_nodes);
    table->nodes = calloc(b->nodes, sizeof(*table->nodes));
    if (!table->nodes || !resize_edges(table, b->nodes))
        return refuse(b, NULL, "out of memory");
    table->node_count = (uint32_t)b->config->listener_count + 1;
    visit_all(b, add_route);
    /* Routes share prefixes: the number of edges is known only now. */
    return resize_edges(table, table->node_count) || refuse(b, NULL, "out of memory");
}

struct route_table *route_table_create(const struct config *config, struct route_fault *fault)
{
    struct builder b = {.config = config, .error = "out of memory"};
    b.table = calloc(1, sizeof(*b.table));
    bool built =
        b.table && allocate(&b) && read_routes(&b) && read_listeners(&b) && add_all_routes(&b);
    tdestroy(b.patterns, keep_pattern);
    free(b.by_name);
    if (built)
        return b.table;
    *fault = (struct route_fault){b.place, b.error};
    route_table_free(b.table);
    return NULL;
}

void route_table_free(struct route_table *table)
{
    if (!table)
        return;
    for (uint32_t i = 0; i < table->pattern_count; i++)
        regfree(&table->patterns[i].compiled);
    free(table->nodes);
    free(table->edges);
    free(table->shapes);
    free(table->captures);
    free(table->patterns);
    free(table->listeners);
    free(table->text);
    free(table);
}
