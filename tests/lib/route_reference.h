/*
 * Finds the route of a request slowly: matches each route by itself, and compares those that match
 * by the rules of core/route/route.h.
 *
 * Owns: nothing. Thread: one. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_TESTS_ROUTE_REFERENCE_H
#define WSLUICE_TESTS_ROUTE_REFERENCE_H

#include <regex.h>
#include <strings.h>

#include "codec/http/uri.h"
#include "config/model/config.h"

#define ROUTE_REFERENCE_NONE     SIZE_MAX
#define ROUTE_REFERENCE_SEGMENTS 64

/* The greater of two ranks wins. `path` is text, a digit per segment. */
struct route_reference_rank {
    size_t host; /* 0: any; length of a wildcard; SIZE_MAX: exact */
    char path[ROUTE_REFERENCE_SEGMENTS + 1];
};

struct route_reference_segments {
    size_t count;
    struct slice items[ROUTE_REFERENCE_SEGMENTS];
};

static inline struct route_reference_segments route_reference_split(struct slice path)
{
    struct route_reference_segments out = {0};
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] == '/') {
            wsl_assert(out.count < ROUTE_REFERENCE_SEGMENTS);
            out.items[out.count++] = (struct slice){path.ptr + i + 1, 0};
        } else {
            out.items[out.count - 1].len++;
        }
    }
    return out;
}

static inline bool route_reference_captures(const struct config_route *route, struct slice name,
                                            struct slice value)
{
    for (size_t i = 0; i < route->capture_count; i++) {
        char form[512], text[512];
        regex_t pattern;
        if (!slice_equal(slice_of(route->captures[i].name), name))
            continue;
        snprintf(form, sizeof(form), "^(%s)$", route->captures[i].pattern);
        snprintf(text, sizeof(text), "%.*s", (int)value.len, value.ptr);
        wsl_assert(regcomp(&pattern, form, REG_EXTENDED | REG_NOSUB) == 0);
        bool fits = value.len > 0 && value.len <= 255 && regexec(&pattern, text, 0, NULL, 0) == 0;
        regfree(&pattern);
        return fits;
    }
    return false;
}

/* The normal form of a segment in the configuration. */
static inline struct slice route_reference_normal(struct slice segment, char *out, size_t capacity)
{
    struct slice normal, text = {segment.ptr - 1, segment.len + 1}; /* with the "/" in front */
    wsl_assert(URI_NORMAL_MAX(text.len) <= capacity);
    wsl_assert(uri_normalise(text, out, &normal) == REASON_none);
    return (struct slice){normal.ptr + 1, normal.len - 1};
}

static inline bool route_reference_segment(const struct config_route *route, struct slice wanted,
                                           struct slice given, char *rank)
{
    if (wanted.len > 2 && wanted.ptr[0] == '{') {
        *rank = '1';
        return route_reference_captures(route, (struct slice){wanted.ptr + 1, wanted.len - 2},
                                        given);
    }
    char normal[512];
    *rank = '2';
    return slice_equal(route_reference_normal(wanted, normal, sizeof(normal)), given);
}

static inline bool route_reference_path(const struct config_route *route, struct slice path,
                                        char *rank)
{
    struct route_reference_segments wanted = route_reference_split(slice_of(route->path)),
                                    given = route_reference_split(path);
    struct slice last = wanted.items[wanted.count - 1];
    bool star = slice_equal(last, SLICE("*"));
    size_t fixed = wanted.count - star;
    memset(rank, 0, ROUTE_REFERENCE_SEGMENTS + 1);
    if (star ? given.count <= fixed : given.count != fixed)
        return false;
    for (size_t i = 0; i < fixed; i++)
        if (!route_reference_segment(route, wanted.items[i], given.items[i], &rank[i]))
            return false;
    if (star)
        rank[fixed] = '0';
    return true;
}

/* The name without a dot at its end, NUL-terminated, cut to `capacity`. */
static inline void route_reference_name(struct slice name, char *out, size_t capacity)
{
    size_t length = name.len < capacity ? name.len : capacity - 1;
    if (length > 0)
        memcpy(out, name.ptr, length);
    out[length] = '\0';
    if (length > 0 && out[length - 1] == '.')
        out[length - 1] = '\0';
}

static inline bool route_reference_host(const char *host, struct slice authority, size_t *rank)
{
    char name[512], wanted[512];
    struct slice bare, port;
    *rank = 0;
    if (!host)
        return true;
    uri_split_authority(authority, &bare, &port);
    route_reference_name(bare, name, sizeof(name));
    route_reference_name(slice_of(host), wanted, sizeof(wanted));
    size_t length = strlen(name), suffix = strlen(wanted) - 1;
    if (length == 0 || name[0] == '.')
        return false;
    *rank = wanted[0] == '*' ? suffix : SIZE_MAX;
    if (wanted[0] != '*')
        return strcasecmp(name, wanted) == 0;
    return length > suffix && strcasecmp(name + length - suffix, wanted + 1) == 0;
}

static inline bool route_reference_names(const struct config_listener *listener,
                                         const struct config_route *route)
{
    const char *name = route->name ? route->name : route->path;
    for (size_t i = 0; i < listener->routes.count; i++)
        if (strcmp(listener->routes.items[i], name) == 0)
            return true;
    return false;
}

static inline bool route_reference_serves(const struct config *config, size_t listener,
                                          const struct config_route *route)
{
    if (config->listeners[listener].routes.count > 0)
        return route_reference_names(&config->listeners[listener], route);
    for (size_t i = 0; i < config->listener_count; i++)
        if (route_reference_names(&config->listeners[i], route))
            return false;
    return true;
}

static inline bool route_reference_same_path(struct slice left, struct slice right)
{
    struct route_reference_segments a = route_reference_split(left),
                                    b = route_reference_split(right);
    bool same = a.count == b.count;
    for (size_t i = 0; same && i < a.count; i++) {
        char first[512], second[512];
        bool capture = a.items[i].len > 0 && a.items[i].ptr[0] == '{';
        if (capture != (b.items[i].len > 0 && b.items[i].ptr[0] == '{'))
            return false;
        same = capture || slice_equal(route_reference_normal(a.items[i], first, sizeof(first)),
                                      route_reference_normal(b.items[i], second, sizeof(second)));
    }
    return same;
}

/* Equal for every request: only the first one is in the table. */
static inline bool route_reference_same(const struct config_route *a, const struct config_route *b)
{
    char left[512], right[512];
    route_reference_name(slice_of(a->host), left, sizeof(left));
    route_reference_name(slice_of(b->host), right, sizeof(right));
    return strcasecmp(left, right) == 0 &&
           route_reference_same_path(slice_of(a->path), slice_of(b->path));
}

static inline bool route_reference_shadowed(const struct config *config, size_t listener,
                                            size_t route)
{
    for (size_t i = 0; i < route; i++)
        if (route_reference_serves(config, listener, &config->routes[i]) &&
            route_reference_same(&config->routes[i], &config->routes[route]))
            return true;
    return false;
}

/* The index of the route, or ROUTE_REFERENCE_NONE; `path` in normal form, without its base path. */
static inline size_t route_reference_match(const struct config *config, size_t listener,
                                           struct slice host, struct slice path)
{
    size_t best = ROUTE_REFERENCE_NONE;
    struct route_reference_rank top = {0}, rank;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_route *route = &config->routes[i];
        if (!route_reference_serves(config, listener, route) ||
            !route_reference_host(route->host, host, &rank.host) ||
            !route_reference_path(route, path, rank.path) ||
            route_reference_shadowed(config, listener, i))
            continue;
        int order = best == ROUTE_REFERENCE_NONE ? 1
                    : rank.host != top.host      ? (rank.host > top.host ? 1 : -1)
                                                 : strcmp(rank.path, top.path);
        if (order > 0) {
            best = i;
            top = rank;
        }
    }
    return best;
}

#endif
