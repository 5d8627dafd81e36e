#include "core/route/route.h"

#include "codec/http/uri.h"

struct walk {
    const struct route_table *table;
    struct slice captured[ROUTE_CAPTURES_MAX];
    size_t captured_count;
    uint32_t route;
};

static const struct route_capture *capture_of(const struct route_table *table, uint32_t route,
                                              size_t i)
{
    return &table->captures[table->shapes[route].captures + i];
}

/*
 * POSIX returns the longest of the leftmost matches, so the whole segment matches if and only if
 * that one covers it. Anchors around the pattern would cost four times as much. glibc's regexec
 * holds a lock of the pattern: 40 ns alone, 85 ns if two threads do nothing else.
 */
bool route_capture_matches(const struct route_capture *capture, struct slice segment)
{
    char text[ROUTE_SEGMENT_MAX + 1];
    regmatch_t whole;
    if (segment.len > ROUTE_SEGMENT_MAX)
        return false;
    memcpy(text, segment.ptr, segment.len);
    text[segment.len] = '\0';
    return regexec(capture->pattern, text, 1, &whole, 0) == 0 && whole.rm_so == 0 &&
           (size_t)whole.rm_eo == segment.len;
}

/* The walk has captured as many segments as the route has captures. */
static bool accept_end(struct walk *walk, uint32_t end)
{
    if (end == 0)
        return false;
    for (size_t i = 0; i < walk->captured_count; i++)
        if (!route_capture_matches(capture_of(walk->table, end - 1, i), walk->captured[i]))
            return false;
    walk->route = end - 1;
    return true;
}

static bool descend(struct walk *walk, uint32_t at, struct slice rest)
{
    const struct route_node *node = &walk->table->nodes[at];
    if (rest.len == 0)
        return accept_end(walk, node->exact);
    struct slice segment = route_table_cut(&rest);
    uint32_t child = route_table_child(walk->table, at, segment);
    if (child != 0 && descend(walk, child, rest))
        return true;
    if (node->capture != 0 && segment.len > 0) {
        walk->captured[walk->captured_count++] = segment;
        if (descend(walk, node->capture, rest))
            return true;
        walk->captured_count--;
    }
    return accept_end(walk, node->prefix);
}

static bool try_host(struct walk *walk, uint32_t scope, struct slice host, struct slice path)
{
    uint32_t root = route_table_child(walk->table, scope, host);
    return root != 0 && descend(walk, root, path);
}

/* Without its port and last dot, in lower case; empty when it is too long to be in the table. */
static struct slice fold_host(struct slice authority, char *out)
{
    struct slice host, port;
    uri_split_authority(authority, &host, &port);
    if (host.len > 0 && host.ptr[host.len - 1] == '.')
        host.len--;
    if (host.len > ROUTE_HOST_MAX)
        return (struct slice){0};
    for (size_t i = 0; i < host.len; i++)
        out[i] = ascii_lower(host.ptr[i]);
    return (struct slice){out, host.len};
}

static bool try_hosts(struct walk *walk, uint32_t scope, struct slice authority, struct slice path)
{
    char folded[ROUTE_HOST_MAX];
    struct slice host = fold_host(authority, folded);
    /* A host with an empty first label is no name, and must not be taken for a wildcard. */
    bool is_name = host.len > 0 && host.ptr[0] != '.';
    if (is_name && try_host(walk, scope, host, path))
        return true;
    for (size_t i = 1; is_name && i < host.len; i++) {
        struct slice suffix = {host.ptr + i, host.len - i};
        if (*suffix.ptr == '.' && try_host(walk, scope, suffix, path))
            return true;
    }
    return try_host(walk, scope, (struct slice){0}, path);
}

/* Cuts the base path off; false when the path is not below it. */
static bool cut_base(struct slice base, struct slice *path)
{
    if (path->len < base.len || !slice_equal((struct slice){path->ptr, base.len}, base))
        return false;
    *path = (struct slice){path->ptr + base.len, path->len - base.len};
    if (path->len == 0)
        *path = SLICE("/");
    return path->ptr[0] == '/';
}

enum reason route_match(const struct route_table *table, size_t listener, struct slice host,
                        struct slice path, struct route_match *match)
{
    const struct route_listener *door = &table->listeners[listener];
    struct walk walk = {.table = table};
    if (path.len == 0 || path.ptr[0] != '/' || !cut_base(door->base, &path) ||
        !try_hosts(&walk, door->scope, host, path))
        return REASON_http_no_route;
    match->route = walk.route;
    match->path = path;
    match->capture_count = walk.captured_count;
    match->patterns = capture_of(table, walk.route, 0);
    for (size_t i = 0; i < walk.captured_count; i++)
        match->captures[i] =
            (struct expand_value){capture_of(table, walk.route, i)->name, walk.captured[i]};
    return REASON_none;
}
