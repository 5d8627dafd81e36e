#include "core/route/route.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "codec/http/uri.h"
#include "lib/route_reference.h"

#define NO_ROUTE ROUTE_REFERENCE_NONE

static struct config_capture captures[] = {
    {"name", "[a-z0-9-]{1,32}"},
    {"number", "[0-9]+"},
    {"either", "a|ab"},
    {"anything", ".*"},
};
static struct config_listener one_listener[1];

static struct config config_of(struct config_route *routes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        routes[i].captures = captures;
        routes[i].capture_count = WSL_COUNT(captures);
    }
    return (struct config){.listeners = one_listener,
                           .listener_count = WSL_COUNT(one_listener),
                           .routes = routes,
                           .route_count = count};
}

static struct route_table *create(const struct config *config)
{
    struct route_fault fault;
    struct route_table *table = route_table_create(config, &fault);
    if (!table)
        fail_msg("no table: %s", fault.text);
    return table;
}

/* Like a request: normalises the path first. */
static size_t match_at(const struct route_table *table, size_t listener, const char *host,
                       const char *path, struct route_match *match)
{
    static char bytes[URI_NORMAL_MAX(1024)];
    struct slice normal;
    assert_int_equal(uri_normalise(slice_of(path), bytes, &normal), REASON_none);
    enum reason reason = route_match(table, listener, slice_of(host), normal, match);
    assert_true(reason == REASON_none || reason == REASON_http_no_route);
    return reason == REASON_none ? match->route : NO_ROUTE;
}

struct request {
    const char *host, *path;
    size_t wanted;
};

static void assert_matches(const struct config *config, size_t listener,
                           const struct request *requests, size_t count)
{
    struct route_table *table = create(config);
    struct route_match match;
    for (size_t i = 0; i < count; i++) {
        size_t got = match_at(table, listener, requests[i].host, requests[i].path, &match);
        if (got != requests[i].wanted)
            fail_msg("%s%s went to %zd instead of %zd", requests[i].host, requests[i].path,
                     (ssize_t)got, (ssize_t)requests[i].wanted);
    }
    route_table_free(table);
}

static void reverse(struct config_route *routes, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct config_route swapped = routes[i];
        routes[i] = routes[count - 1 - i];
        routes[count - 1 - i] = swapped;
    }
}

/* The same route wins in this order and in the reverse one. */
static void assert_both_ways(struct config_route *routes, size_t count,
                             const struct request *requests, size_t request_count)
{
    struct request backwards[64];
    assert_true(request_count <= WSL_COUNT(backwards));
    struct config config = config_of(routes, count);
    assert_matches(&config, 0, requests, request_count);
    reverse(routes, count);
    for (size_t i = 0; i < request_count; i++) {
        backwards[i] = requests[i];
        if (requests[i].wanted != NO_ROUTE)
            backwards[i].wanted = count - 1 - requests[i].wanted;
    }
    assert_matches(&config, 0, backwards, request_count);
}

static void test_paths(void **state)
{
    struct config_route routes[] = {
        {.path = "/vnc"},
        {.path = "/vnc/*"},
        {.path = "/vnc/a/*"},
        {.path = "/vnc/a/b"},
        {.path = "/desk/*"},
        {.path = "/desk/{name}"},
        {.path = "/desk/{name}/log"},
        {.path = "/desk/main"},
    };
    static const struct request requests[] = {
        {"h", "/vnc", 0},         {"h", "/vnc/", 1},         {"h", "/vnc/x/y", 1},
        {"h", "/vnc/a", 1},       {"h", "/vnc/a/", 2},       {"h", "/vnc/a/c/d", 2},
        {"h", "/vnc/a/b", 3},     {"h", "/vnc/a/b/", 2},     {"h", "/desk/main", 7},
        {"h", "/desk/mains", 5},  {"h", "/desk/UPPER", 4},   {"h", "/desk/", 4},
        {"h", "/desk/x/log", 6},  {"h", "/desk/x/other", 4}, {"h", "/desk/main/log", 6},
        {"h", "/desk", NO_ROUTE}, {"h", "/", NO_ROUTE},      {"h", "/VNC", NO_ROUTE},
        {"h", "/vncx", NO_ROUTE}, {NULL, "/vnc", 0},         {"h", "//vnc//a///b", 3},
        {"h", "/%76nc/%61/b", 3},
    };
    assert_both_ways(routes, WSL_COUNT(routes), requests, WSL_COUNT(requests));
}

static void test_catch_all_prefix(void **state)
{
    struct config_route routes[] = {{.path = "/*"}, {.path = "/"}};
    static const struct request requests[] = {
        {"h", "/", 1}, {"h", "/a", 0}, {"h", "/a/b/", 0}, {NULL, "/a", 0}, {"", "/a", 0}};
    assert_both_ways(routes, WSL_COUNT(routes), requests, WSL_COUNT(requests));
}

static void test_literal_before_capture(void **state)
{
    struct config_route routes[] = {
        {.path = "/a/*"}, {.path = "/{name}/b"}, {.path = "/{name}/{number}"}, {.path = "/*"}};
    static const struct request requests[] = {
        {"h", "/a/b", 0}, {"h", "/c/b", 1}, {"h", "/c/7", 2}, {"h", "/c/d", 3}, {"h", "/a", 3}};
    assert_both_ways(routes, WSL_COUNT(routes), requests, WSL_COUNT(requests));
}

static void test_hosts(void **state)
{
    struct config_route routes[] = {
        {.path = "/x"},
        {.path = "/x", .host = "desk.example.com"},
        {.path = "/x", .host = "*.example.com"},
        {.path = "/x", .host = "*.b.example.com"},
        {.path = "/*", .host = "Only.Example.com."},
        {.path = "/x", .host = "[::1]"},
    };
    static const struct request requests[] = {
        {"desk.example.com", "/x", 1},
        {"DESK.example.COM", "/x", 1},
        {"desk.example.com:8443", "/x", 1},
        {"desk.example.com.", "/x", 1},
        {"desk.example.com.:80", "/x", 1},
        {"a.example.com", "/x", 2},
        {"a.b.example.com", "/x", 3},
        {"a.a.b.example.com", "/x", 3},
        {"b.example.com", "/x", 2},
        {"example.com", "/x", 0},
        {".example.com", "/x", 0},
        {"..example.com", "/x", 0},
        {"desk.example.com..", "/x", 0},
        {"aexample.com", "/x", 0},
        {"only.example.com", "/x", 4},
        {"only.example.com", "/y", 4},
        {"desk.example.com", "/y", NO_ROUTE},
        {"[::1]:6080", "/x", 5},
        {"[::1]", "/x", 5},
        {"[::2]", "/x", 0},
        {NULL, "/x", 0},
    };
    assert_both_ways(routes, WSL_COUNT(routes), requests, WSL_COUNT(requests));
}

/* The best host counts only among routes that have the path. */
static void test_host_without_the_path_is_skipped(void **state)
{
    struct config_route routes[] = {{.path = "/a", .host = "desk.example.com"},
                                    {.path = "/b", .host = "*.example.com"},
                                    {.path = "/*"}};
    static const struct request requests[] = {{"desk.example.com", "/a", 0},
                                              {"desk.example.com", "/b", 1},
                                              {"desk.example.com", "/c", 2}};
    assert_both_ways(routes, WSL_COUNT(routes), requests, WSL_COUNT(requests));
}

static void test_long_hosts(void **state)
{
    struct config_route routes[] = {{.path = "/x"}, {.path = "/x", .host = "*.example.com"}};
    struct config config = config_of(routes, WSL_COUNT(routes));
    struct route_table *table = create(&config);
    struct route_match match;
    for (size_t length = 13; length < 400; length++) {
        char host[400];
        memset(host, 'a', length);
        memcpy(host + length - 12, ".example.com", 13);
        assert_int_equal(match_at(table, 0, host, "/x", &match), length <= ROUTE_HOST_MAX);
    }
    route_table_free(table);
}

static void test_captures(void **state)
{
    struct config_route routes[] = {{.path = "/desk/{name}/{number}/*"},
                                    {.path = "/either/{either}"},
                                    {.path = "/any/{anything}"}};
    struct config config = config_of(routes, WSL_COUNT(routes));
    struct route_table *table = create(&config);
    struct route_match match;

    assert_int_equal(match_at(table, 0, "h", "/desk/a-1/42/x/y", &match), 0);
    assert_int_equal(match.capture_count, 2);
    assert_true(slice_equal(match.captures[0].name, SLICE("name")));
    assert_true(slice_equal(match.captures[0].value, SLICE("a-1")));
    assert_true(slice_equal(match.captures[1].name, SLICE("number")));
    assert_true(slice_equal(match.captures[1].value, SLICE("42")));
    assert_true(slice_equal(match.path, SLICE("/desk/a-1/42/x/y")));

    /* The pattern must match the whole segment, with any of its branches. */
    static const char *const refused[] = {
        "/desk/a_1/42/x", "/desk/a/4x/x", "/desk/a/x4/x",   "/desk/A/4/x",     "/desk/a.evil/4/x",
        "/desk//42/x",    "/either/abc",  "/either/b",      "/either/xa",      "/either/",
        "/any/",          "/desk/a/42",   "/either/a%0041", "/desk/a%0Ab/4/x",
    };
    for (size_t i = 0; i < WSL_COUNT(refused); i++) {
        char bytes[64];
        struct slice normal;
        if (uri_normalise(slice_of(refused[i]), bytes, &normal) == REASON_none)
            assert_int_equal(match_at(table, 0, "h", refused[i], &match), NO_ROUTE);
    }
    assert_int_equal(match_at(table, 0, "h", "/either/a", &match), 1);
    assert_int_equal(match_at(table, 0, "h", "/either/ab", &match), 1);
    assert_int_equal(match_at(table, 0, "h", "/any/a%20b", &match), 2);
    assert_true(slice_equal(match.captures[0].value, SLICE("a%20b")));
    route_table_free(table);
}

static void test_long_captures(void **state)
{
    struct config_route routes[] = {{.path = "/{anything}"}};
    struct config config = config_of(routes, 1);
    struct route_table *table = create(&config);
    struct route_match match;
    char path[1000];
    for (size_t length = 250; length < 260; length++) {
        snprintf(path, sizeof(path), "/%0*d", (int)length, 0);
        assert_int_equal(match_at(table, 0, "h", path, &match),
                         length <= ROUTE_SEGMENT_MAX ? 0 : NO_ROUTE);
    }
    route_table_free(table);
}

static void test_first_of_two_equal_routes(void **state)
{
    struct config_route routes[] = {
        {.path = "/%76nc", .host = "A.example"},
        {.path = "/vnc", .host = "a.example"},
        {.path = "/{name}/x"},
        {.path = "/{number}/x"},
        {.path = "/p/*"},
        {.path = "/p/*"},
    };
    static const struct request requests[] = {
        {"a.example", "/vnc", 0}, {"h", "/7/x", 2}, {"h", "/p/", 4}};
    struct config config = config_of(routes, WSL_COUNT(routes));
    assert_matches(&config, 0, requests, WSL_COUNT(requests));
}

static void test_route_sets_of_listeners(void **state)
{
    static const char *const ops[] = {"ops"}, *const mixed[] = {"/vnc", "desk", "ops", "ops", "no"};
    struct config_listener listeners[] = {
        {0}, {.routes = {ops, WSL_COUNT(ops)}}, {.routes = {mixed, WSL_COUNT(mixed)}}, {0}};
    struct config_route routes[] = {
        {.path = "/metrics", .name = "ops"}, {.path = "/vnc"},
        {.path = "/healthz", .name = "ops"}, {.path = "/desk", .name = "desk"},
        {.path = "/*", .name = "rest"},
    };
    static const struct request rest[] = {{"h", "/metrics", 4}, {"h", "/vnc", 4}};
    static const struct request named[] = {
        {"h", "/metrics", 0}, {"h", "/healthz", 2}, {"h", "/vnc", NO_ROUTE}, {"h", "/", NO_ROUTE}};
    static const struct request several[] = {
        {"h", "/metrics", 0}, {"h", "/vnc", 1}, {"h", "/desk", 3}, {"h", "/other", NO_ROUTE}};
    struct config config = config_of(routes, WSL_COUNT(routes));
    config.listeners = listeners;
    config.listener_count = WSL_COUNT(listeners);
    assert_matches(&config, 0, rest, WSL_COUNT(rest));
    assert_matches(&config, 1, named, WSL_COUNT(named));
    assert_matches(&config, 2, several, WSL_COUNT(several));
    assert_matches(&config, 3, rest, WSL_COUNT(rest));
}

static void test_base_paths(void **state)
{
    struct config_listener listeners[] = {
        {.base_path = "/desk"}, {.base_path = "/"}, {.base_path = "/a/%62/"}};
    struct config_route routes[] = {{.path = "/"}, {.path = "/vnc"}, {.path = "/desk/vnc"}};
    static const struct request below_desk[] = {
        {"h", "/desk", 0},          {"h", "/desk/", 0},        {"h", "/desk/vnc", 1},
        {"h", "/desk/desk/vnc", 2}, {"h", "/desks", NO_ROUTE}, {"h", "/deskvnc", NO_ROUTE},
        {"h", "/vnc", NO_ROUTE},    {"h", "/", NO_ROUTE},      {"h", "/Desk/vnc", NO_ROUTE},
    };
    static const struct request root[] = {{"h", "/", 0}, {"h", "/vnc", 1}, {"h", "/desk/vnc", 2}};
    static const struct request below_ab[] = {
        {"h", "/a/b", 0}, {"h", "/a/b/vnc", 1}, {"h", "/a/vnc", NO_ROUTE}};
    struct config config = config_of(routes, WSL_COUNT(routes));
    config.listeners = listeners;
    config.listener_count = WSL_COUNT(listeners);
    assert_matches(&config, 0, below_desk, WSL_COUNT(below_desk));
    assert_matches(&config, 1, root, WSL_COUNT(root));
    assert_matches(&config, 2, below_ab, WSL_COUNT(below_ab));

    struct route_table *table = create(&config);
    struct route_match match;
    assert_int_equal(match_at(table, 0, "h", "/desk/vnc", &match), 1);
    assert_true(slice_equal(match.path, SLICE("/vnc")));
    assert_int_equal(match_at(table, 0, "h", "/desk", &match), 0);
    assert_true(slice_equal(match.path, SLICE("/")));
    route_table_free(table);
}

static void test_empty_tables(void **state)
{
    struct config config = config_of(NULL, 0);
    static const struct request requests[] = {{"h", "/", NO_ROUTE}, {NULL, "/x", NO_ROUTE}};
    assert_matches(&config, 0, requests, WSL_COUNT(requests));
    config.listener_count = 0;
    route_table_free(create(&config));
    route_table_free(NULL);
}

/* Compares every request and listener with the slow reference, over many small tables. */
static void test_against_the_reference(void **state)
{
    static const char *const paths[] = {"/a",        "/b",        "/a/*",        "/a/b",
                                        "/a/b/*",    "/{name}",   "/*",          "/a/{number}",
                                        "/{name}/b", "/{name}/*", "/a/{name}/b", "/"};
    static const char *const hosts[] = {NULL, "a.x", "*.x", "*.b.x", "x"};
    static const char *const asked[] = {"/",      "/a",     "/a/", "/a/b", "/a/7",
                                        "/a/b/c", "/a/c/b", "/c",  "/c/b", "/c/d/e"};
    static const char *const asked_hosts[] = {NULL, "a.x", "b.x", "a.b.x", "x", "y"};
    uint32_t seed = 1;
    for (unsigned round = 0; round < 400; round++) {
        struct config_route routes[8] = {0};
        for (size_t i = 0; i < WSL_COUNT(routes); i++) {
            seed = seed * 1664525u + 1013904223u;
            routes[i].path = paths[(seed >> 8) % WSL_COUNT(paths)];
            routes[i].host = hosts[(seed >> 20) % WSL_COUNT(hosts)];
        }
        struct config config = config_of(routes, WSL_COUNT(routes));
        struct route_table *table = create(&config);
        struct route_match match;
        for (size_t h = 0; h < WSL_COUNT(asked_hosts); h++)
            for (size_t p = 0; p < WSL_COUNT(asked); p++)
                assert_int_equal(match_at(table, 0, asked_hosts[h], asked[p], &match),
                                 route_reference_match(&config, 0, slice_of(asked_hosts[h]),
                                                       slice_of(asked[p])));
        route_table_free(table);
    }
}

static void test_path_without_slash(void **unused)
{
    struct config_route routes[] = {{.path = "/*"}};
    struct config config = config_of(routes, 1);
    struct route_table *table = create(&config);
    struct route_match match;
    assert_int_equal(route_match(table, 0, SLICE("h"), SLICE("/"), &match), REASON_none);
    assert_int_equal(route_match(table, 0, SLICE("h"), SLICE(""), &match), REASON_http_no_route);
    assert_int_equal(route_match(table, 0, SLICE("h"), SLICE("a"), &match), REASON_http_no_route);
    route_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_catch_all_prefix),
        cmocka_unit_test(test_literal_before_capture),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_host_without_the_path_is_skipped),
        cmocka_unit_test(test_long_hosts),
        cmocka_unit_test(test_captures),
        cmocka_unit_test(test_long_captures),
        cmocka_unit_test(test_first_of_two_equal_routes),
        cmocka_unit_test(test_route_sets_of_listeners),
        cmocka_unit_test(test_base_paths),
        cmocka_unit_test(test_empty_tables),
        cmocka_unit_test(test_path_without_slash),
        cmocka_unit_test(test_against_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
