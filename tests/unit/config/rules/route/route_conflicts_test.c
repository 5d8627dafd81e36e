#include "config/rules/route/route_conflicts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/text_config.h"

#define A "path: /a, target: 'h:1'"

static void refuses_equal_host_and_path(void **state)
{
    static const char finding[] = "routes[1]: matches the same requests as routes[0] at f:2:10";
    text_config_expect("listeners: [\":1\"]\nroutes: [{" A "}, {path: /b, target: 'h:1'}]", "");
    text_config_expect("listeners: [\":1\"]\nroutes: [{" A "}, {" A "}]", finding);
    text_config_expect("listeners: [\":1\"]\nroutes: [{host: A.b, " A "}, {host: a.B., " A "}]",
                       finding);
    text_config_expect("listeners: [\":1\"]\nroutes: [{path: /%61, target: 'h:1'}, {" A "}]",
                       finding);
    text_config_expect("listeners: [\":1\"]\nroutes: [{host: a.b, " A "}, {" A "}]", "");
}

static void accepts_equal_paths_on_different_listeners(void **state)
{
    text_config_expect("listeners: [{address: ':1', routes: [x]}, ':2']\n"
                       "routes: [{name: x, " A "}, {name: y, " A "}]",
                       "");
    text_config_expect("listeners: [{address: ':1', routes: [x, y]}, ':2']\n"
                       "routes: [{name: x, " A "}, {name: y, " A "}]",
                       "routes[1]: matches the same requests as routes[0]");
}

static void warns_of_a_route_without_a_listener(void **state)
{
    text_config_expect("listeners: [{address: ':1', routes: [x]}]\n"
                       "routes: [{name: x, " A "}, {name: y, path: /b, target: 'h:1'}]",
                       "routes[1]: no listener serves it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_equal_host_and_path),
        cmocka_unit_test(accepts_equal_paths_on_different_listeners),
        cmocka_unit_test(warns_of_a_route_without_a_listener),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
