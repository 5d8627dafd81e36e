#include "config/rules/route/route_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/text_config.h"

static const char text[] = "listeners:\n"
                           "  - {address: ':1', routes: [ops, live]}\n"
                           "  - {address: ':2', routes: [live, desk]}\n"
                           "  - ':3'\n"
                           "routes:\n"
                           "  - {name: ops, path: /m, metrics: true}\n"
                           "  - {name: live, path: /l, health: live}\n"
                           "  - {name: desk, path: /d, target: 'h:1', files: /srv, record: /r}\n"
                           "  - {path: /r, redirect: /d}\n"
                           "  - {path: /s, status: true}\n"
                           "  - {path: /h, health: ready}\n"
                           "  - {path: /f, files: /srv}\n";

static void named_routes_or_the_rest(void **state)
{
    static const bool expected[3][7] = {{1, 1}, {0, 1, 1}, {0, 0, 0, 1, 1, 1, 1}};
    struct text_config loaded;
    text_config_load(&loaded, text);
    assert_int_equal(loaded.diag.errors, 0);
    const struct config *config = loaded.config;
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 7; j++)
            assert_int_equal(route_set_has(config, &config->listeners[i], &config->routes[j]),
                             expected[i][j]);
    text_config_free(&loaded);
}

static void operator_and_client_kinds(void **state)
{
    struct text_config loaded;
    text_config_load(&loaded, text);
    const struct config_listener *listeners = loaded.config->listeners;
    unsigned operators = route_set_kinds(loaded.config, &listeners[0]);
    unsigned shared = route_set_kinds(loaded.config, &listeners[1]);
    unsigned rest = route_set_kinds(loaded.config, &listeners[2]);
    assert_int_equal(operators, ROUTE_SET_METRICS | ROUTE_SET_LIVE);
    assert_int_equal(shared,
                     ROUTE_SET_LIVE | ROUTE_SET_BRIDGE | ROUTE_SET_FILES | ROUTE_SET_RECORDED);
    assert_int_equal(rest,
                     ROUTE_SET_REDIRECT | ROUTE_SET_STATUS | ROUTE_SET_READY | ROUTE_SET_FILES);
    assert_true(route_set_is_for_operators(operators));
    assert_false(route_set_is_for_operators(shared));
    assert_false(route_set_is_for_operators(0));
    assert_true(route_set_shares_liveness(shared));
    assert_false(route_set_shares_liveness(operators));
    assert_false(route_set_shares_liveness(rest));
    text_config_free(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_routes_or_the_rest),
        cmocka_unit_test(operator_and_client_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
