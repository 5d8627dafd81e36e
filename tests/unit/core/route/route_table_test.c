/* The structure of the table, and invalid configurations; route_test has the look-ups. */
#include "core/route/route_table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static struct config_capture captures[] = {{"name", "[a-z]+"}, {"other", "[0-9]+"}};
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

static struct route_table *create(struct config_route *routes, size_t count)
{
    const struct config config = config_of(routes, count);
    struct route_fault fault;
    struct route_table *table = route_table_create(&config, &fault);
    assert_non_null(table);
    return table;
}

static void test_nodes(void **state)
{
    struct config_route routes[] = {
        {.path = "/a/b"},
        {.path = "/a/{name}"},
        {.path = "/a/*"},
        {.path = "/c", .host = "H"},
    };
    struct route_table *table = create(routes, WSL_COUNT(routes));
    uint32_t any = route_table_child(table, 0, SLICE(""));
    uint32_t host = route_table_child(table, 0, SLICE("h")); /* in lower case */
    assert_true(any != 0 && host != 0 && any != host);
    uint32_t a = route_table_child(table, any, SLICE("a"));
    uint32_t b = route_table_child(table, a, SLICE("b"));
    assert_true(a != 0 && b != 0);
    assert_int_equal(table->nodes[b].exact, 1);
    assert_int_equal(table->nodes[table->nodes[a].capture].exact, 2);
    assert_int_equal(table->nodes[a].prefix, 3);
    assert_int_equal(table->nodes[a].exact, 0);
    assert_int_equal(table->nodes[route_table_child(table, host, SLICE("c"))].exact, 4);
    assert_int_equal(route_table_child(table, host, SLICE("a")), 0);
    assert_int_equal(route_table_child(table, any, SLICE("c")), 0);
    route_table_free(table);
}

static void test_equal_patterns_are_compiled_once(void **state)
{
    struct config_route routes[] = {
        {.path = "/a/{name}"}, {.path = "/b/{name}"}, {.path = "/c/{name}/{other}"}};
    struct route_table *table = create(routes, WSL_COUNT(routes));
    assert_int_equal(table->capture_count, 4);
    assert_int_equal(table->pattern_count, 2);
    assert_ptr_equal(table->captures[0].pattern, table->captures[2].pattern);
    route_table_free(table);
}

static void test_load_factor_of_edges(void **state)
{
    static char paths[1000][16];
    static struct config_route routes[1000];
    for (size_t i = 0; i < 1000; i++) {
        snprintf(paths[i], sizeof(paths[i]), "/%zu", i);
        routes[i] = (struct config_route){.path = paths[i]};
    }
    struct route_table *table = create(routes, 1000);
    uint32_t used = 0, slots = table->edge_mask + 1;
    for (uint32_t i = 0; i < slots; i++)
        used += table->edges[i].child != 0;
    assert_int_equal(used, 1001); /* one for the host */
    assert_true(2 * used <= slots && slots <= 4 * used);
    uint32_t any = route_table_child(table, 0, SLICE(""));
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t node = route_table_child(table, any, slice_of(paths[i] + 1));
        assert_int_equal(table->nodes[node].exact, i + 1);
    }
    route_table_free(table);
}

static void test_cut(void **state)
{
    struct slice rest = SLICE("/a//b");
    assert_true(slice_equal(route_table_cut(&rest), SLICE("a")));
    assert_true(slice_equal(route_table_cut(&rest), SLICE("")));
    assert_true(slice_equal(route_table_cut(&rest), SLICE("b")));
    assert_int_equal(rest.len, 0);
}

static void test_faults(void **state)
{
    static const struct config_route wrong[] = {
        {.path = ""},
        {.path = "vnc"},
        {.path = "/a/../b"},
        {.path = "/a//b"},
        {.path = "/a*"},
        {.path = "/*/a"},
        {.path = "/%2F"},
        {.path = "/{unknown}"},
        {.path = "/{}"},
        {.path = "/{"},
        {.path = "/{name"},
        {.path = "/{name}x"},
        {.path = "/x{name}"},
        {.path = "/x}"},
        {.path = "/{name}/{name}/{name}/{name}/{name}"},
        {.path = "/a", .host = ""},
        {.path = "/a", .host = "*"},
        {.path = "/a", .host = "."},
        {.path = "/a", .host = "a.*.example"},
        {.path = "/a", .host = ".example"},
        {.path = "/a", .host = "*."},
    };
    for (size_t i = 0; i < WSL_COUNT(wrong); i++) {
        struct config_route routes[] = {{.path = "/{name}"}, wrong[i]};
        struct config config = config_of(routes, WSL_COUNT(routes));
        struct route_fault fault = {0};
        if (route_table_create(&config, &fault))
            fail_msg("%s%s passes", wrong[i].host ? wrong[i].host : "", wrong[i].path);
        assert_ptr_equal(fault.place, &routes[1].place);
        assert_non_null(fault.text);
    }
}

static void test_bad_patterns_and_bases_are_faults(void **state)
{
    static struct config_capture bad = {"name", "a)|(b"};
    struct config_listener listener = {.base_path = "/a/.."};
    struct config_route route = {.path = "/{name}", .captures = &bad, .capture_count = 1};
    struct config config = {.routes = &route, .route_count = 1};
    struct route_fault fault = {0};
    assert_null(route_table_create(&config, &fault));
    assert_ptr_equal(fault.place, &route.place);

    config = (struct config){.listeners = &listener, .listener_count = 1};
    assert_null(route_table_create(&config, &fault));
    assert_ptr_equal(fault.place, &listener.place);
}

static void test_without_memory(void **state)
{
    struct config_route routes[] = {{.path = "/a"}, {.path = "/b/*", .host = "h"}};
    struct config config = config_of(routes, WSL_COUNT(routes)); /* the test cannot fail regcomp */
    bool failed = true;
    for (unsigned n = 1; failed; n++) {
        struct route_fault fault = {&routes[0].place, NULL};
        failing_alloc_arm(n);
        struct route_table *table = route_table_create(&config, &fault);
        failed = failing_alloc_disarm();
        assert_int_equal(table == NULL, failed);
        if (failed) {
            assert_null(fault.place);
            assert_string_equal(fault.text, "out of memory");
        }
        route_table_free(table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_equal_patterns_are_compiled_once),
        cmocka_unit_test(test_load_factor_of_edges),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_bad_patterns_and_bases_are_faults),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
