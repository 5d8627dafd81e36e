#include "config/rules/raw_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/text_config.h"

#define RAW(options, route)                                                                        \
    "listeners: [{address: ':1', raw: true, " options "}]\nroutes: [{name: a, path: /, " route     \
    "}, {name: b, path: /b, target: 'h:1'}, {name: b, path: /c, target: 'h:1'}]\n"

static void accepts(void **state)
{
    text_config_expect("listeners: [{address: ':1', raw: true, routes: [a]},"
                       " {address: '127.0.0.1:2', raw: true, routes: [a]}]\n"
                       "routes: [{name: a, target: 'wss://h/x'}]\n",
                       "");
    text_config_expect("listeners: [{address: '127.0.0.1:1', raw: true, routes: [a]}]\n"
                       "routes: [{name: a, target: 'h:1'}]\n",
                       "");
}

static void wants_one_route(void **state)
{
    text_config_expect("listeners: [{address: ':1', raw: true}]\nroutes: [{target: 'h:1'}]\n",
                       "listeners[0].raw: a raw listener names its route; name its route, such as");
    text_config_expect(RAW("routes: [a, b]", "target: 'h:1'"),
                       "listeners[0].routes: a raw listener has exactly one route");
    text_config_expect(RAW("routes: [b]", "target: 'h:1'"),
                       "listeners[0].routes: a raw listener has exactly one route");
}

static void refuses_what_needs_a_request(void **state)
{
    text_config_expect(RAW("routes: [a], base_path: /x", "target: 'h:1'"),
                       "listeners[0].base_path: raw clients have no path");
    text_config_expect(RAW("routes: [a], auth: [{basic: users}]", "target: 'h:1'"),
                       "listeners[0].auth: raw clients have no request to log in with");
    text_config_expect(RAW("routes: [a]", "tokens: t"), "its route has no target");
    text_config_expect(RAW("routes: [a]", "metrics: true"), "its route has no target");
    text_config_expect(RAW("routes: [a]", "files: /srv, target: 'h:1'"), "files or demo");
    text_config_expect(RAW("routes: [a]", "demo: true, target: 'h:1'"), "files or demo");
    text_config_expect(RAW("routes: [a]", "target: 'h:1', auth: [{basic: users}]"),
                       "its route has auth");
    text_config_expect("listeners: [{address: ':1', raw: true, routes: [a]}]\n"
                       "routes: [{name: a, path: '/{x}', captures: {x: y}, target: '{x}.h:1'}]\n",
                       "takes {NAME}s from the path");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(wants_one_route),
        cmocka_unit_test(refuses_what_needs_a_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
