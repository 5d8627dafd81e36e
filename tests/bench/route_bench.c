/*
 * The cost to find a route among 10, 1,000 and 10,000: normalises the path and matches it, as every
 * handshake does. Prints a line per kind of routes: nanoseconds per request, and milliseconds to
 * build the table.
 */
#include "core/route/route.h"

#include <time.h>

#include "codec/http/uri.h"

#define ROUTES_MAX 10000
#define REQUESTS   2000000
#define TEXT_MAX   64

struct kind {
    const char *name, *host, *path; /* with the number of the route */
    const char *asked_host, *asked_path;
};

static const struct kind kinds[] = {
    {"exact", NULL, "/desk/d%05zu/vnc", "gw.example.com", "/desk/d%05zu/vnc"},
    {"prefix", NULL, "/desk/d%05zu/*", "gw.example.com", "/desk/d%05zu/a/b/c"},
    {"capture", NULL, "/d%05zu/{name}", "gw.example.com", "/d%05zu/desk-17"},
    {"host", "d%05zu.example.com", "/vnc", "d%05zu.example.com:8443", "/vnc"},
    {"wildcard", "*.d%05zu.example.com", "/vnc/*", "a.d%05zu.example.com", "/vnc/x"},
};

static struct config_capture capture = {"name", "[a-z0-9-]{1,32}"};
static struct config_route routes[ROUTES_MAX];
static char paths[ROUTES_MAX][TEXT_MAX], hosts[ROUTES_MAX][TEXT_MAX];

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* The forms are those of the table above. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static char *print_number(char *out, const char *form, size_t number)
{
    snprintf(out, TEXT_MAX, form, number);
    return out;
}

static struct route_table *build(const struct kind *kind, size_t count, double *milliseconds)
{
    struct config_listener listener = {0};
    struct config config = {
        .listeners = &listener, .listener_count = 1, .routes = routes, .route_count = count};
    struct route_fault fault;
    for (size_t i = 0; i < count; i++) {
        routes[i] = (struct config_route){.path = print_number(paths[i], kind->path, i),
                                          .captures = &capture,
                                          .capture_count = 1};
        if (kind->host)
            routes[i].host = print_number(hosts[i], kind->host, i);
    }
    double start = now_ns();
    struct route_table *table = route_table_create(&config, &fault);
    *milliseconds = (now_ns() - start) / 1e6;
    wsl_assert(table);
    return table;
}

/*
 * A request in one buffer, as after a read; only its number changes. Requests spread over memory
 * would add their own cache misses to the measurement.
 */
struct request {
    char host[TEXT_MAX], path[TEXT_MAX];
    char *number;
};

static void prepare(struct request *request, const struct kind *kind)
{
    const char *form = kind->host ? kind->asked_host : kind->asked_path;
    print_number(request->host, kind->asked_host, 0);
    print_number(request->path, kind->asked_path, 0);
    request->number = (kind->host ? request->host : request->path) + (strchr(form, '%') - form);
}

static void set_number(struct request *request, size_t number)
{
    for (char *digit = request->number + 5; digit > request->number; number /= 10)
        *--digit = (char)('0' + number % 10);
}

static double measure(const struct route_table *table, const struct kind *kind, size_t count)
{
    char bytes[URI_NORMAL_MAX(TEXT_MAX)];
    struct request request;
    struct route_match match;
    struct slice path;
    size_t at = 0;
    prepare(&request, kind);
    double start = now_ns();
    for (size_t i = 0; i < REQUESTS; i++) {
        at = (at + 7919) % count; /* far from the previous one, as with real clients */
        set_number(&request, at);
        wsl_assert(uri_normalise(slice_of(request.path), bytes, &path) == REASON_none);
        wsl_assert(route_match(table, 0, slice_of(request.host), path, &match) == REASON_none);
        wsl_assert(match.route == at);
    }
    return (now_ns() - start) / REQUESTS;
}

int main(void)
{
    static const size_t counts[] = {10, 1000, 10000};
    printf("%-10s %8s %12s %10s\n", "kind", "routes", "ns/request", "build ms");
    for (size_t k = 0; k < WSL_COUNT(kinds); k++) {
        for (size_t c = 0; c < WSL_COUNT(counts); c++) {
            double milliseconds;
            struct route_table *table = build(&kinds[k], counts[c], &milliseconds);
            double cost = measure(table, &kinds[k], counts[c]);
            printf("%-10s %8zu %12.0f %10.1f\n", kinds[k].name, counts[c], cost, milliseconds);
            route_table_free(table);
        }
    }
    return 0;
}
