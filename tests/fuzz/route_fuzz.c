/*
 * The route table and the slow reference choose the same route, and captures match their patterns.
 *
 * Input: lines. Routes first, "name host path" with "-" for no host; after an empty line requests,
 * "listener host path".
 */
#include "core/route/route.h"

#include "lib/route_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROUTES_MAX 24
#define LINE_MAX   120

static struct config_capture captures[] = {{"d", "[0-9]+"}, {"w", "[a-z]{1,4}"}, {"x", "a|ab|.b"}};
static const char *const ops[] = {"ops"}, *const both[] = {"ops", "web"};
static struct config_listener listeners[] = {
    {0},
    {.routes = {ops, 1}},
    {.routes = {both, 2}, .base_path = "/base"},
};

struct line {
    char text[LINE_MAX + 1];
    char *words[3];
};

/* False: not three words. Longer lines are cut. */
static bool split(struct line *line, struct slice text)
{
    size_t length = text.len < LINE_MAX ? text.len : LINE_MAX;
    memcpy(line->text, text.ptr, length);
    line->text[length] = '\0';
    char *rest = line->text;
    for (size_t i = 0; i < WSL_COUNT(line->words); i++)
        if (!(line->words[i] = strsep(&rest, " ")))
            return false;
    return !rest;
}

static bool next_line(struct slice *rest, struct slice *line)
{
    if (rest->len == 0)
        return false;
    const char *end = memchr(rest->ptr, '\n', rest->len);
    *line = (struct slice){rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
    size_t used = line->len + (end != NULL);
    *rest = (struct slice){rest->ptr + used, rest->len - used};
    return true;
}

static void check_captures(const struct config_route *route, const struct route_match *match)
{
    size_t braces = 0;
    for (const char *p = route->path; *p; p++)
        braces += *p == '{';
    wsl_assert(match->capture_count == braces);
    for (size_t i = 0; i < match->capture_count; i++)
        wsl_assert(
            route_reference_captures(route, match->captures[i].name, match->captures[i].value));
}

static void check_request(const struct config *config, const struct route_table *table,
                          struct line *line)
{
    char bytes[URI_NORMAL_MAX(LINE_MAX)];
    size_t listener = (size_t)line->words[0][0] % WSL_COUNT(listeners);
    struct slice host = slice_of(line->words[1]), path;
    struct route_match match;
    if (uri_normalise(slice_of(line->words[2]), bytes, &path) != REASON_none)
        return;
    bool found = route_match(table, listener, host, path, &match) == REASON_none;
    const char *base = config->listeners[listener].base_path;
    if (base) {
        if (strncmp(bytes, base, strlen(base)) != 0 || path.len < strlen(base)) {
            wsl_assert(!found);
            return;
        }
        path = (struct slice){path.ptr + strlen(base), path.len - strlen(base)};
        if (path.len == 0)
            path = SLICE("/");
        if (path.ptr[0] != '/') {
            wsl_assert(!found);
            return;
        }
    }
    size_t segments = 0;
    for (size_t i = 0; i < path.len; i++)
        segments += path.ptr[i] == '/';
    if (segments > ROUTE_REFERENCE_SEGMENTS)
        return;
    size_t wanted = route_reference_match(config, listener, host, path);
    wsl_assert(found ? match.route == wanted : wanted == ROUTE_REFERENCE_NONE);
    if (!found)
        return;
    wsl_assert(slice_equal(match.path, path));
    check_captures(&config->routes[match.route], &match);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct line lines[ROUTES_MAX], request;
    struct config_route routes[ROUTES_MAX] = {0};
    struct config config = {
        .listeners = listeners, .listener_count = WSL_COUNT(listeners), .routes = routes};
    struct slice rest = {(const char *)data, size}, text;
    while (next_line(&rest, &text) && text.len > 0) {
        struct line *line = &lines[config.route_count];
        if (config.route_count == ROUTES_MAX || !split(line, text))
            return 0;
        routes[config.route_count++] = (struct config_route){
            .name = line->words[0],
            .host = strcmp(line->words[1], "-") == 0 ? NULL : line->words[1],
            .path = line->words[2],
            .captures = captures,
            .capture_count = WSL_COUNT(captures),
        };
    }
    struct route_fault fault;
    struct route_table *table = route_table_create(&config, &fault);
    while (table && next_line(&rest, &text))
        if (split(&request, text))
            check_request(&config, table, &request);
    route_table_free(table);
    return 0;
}
