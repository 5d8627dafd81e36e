#include "config/rules/route/capture_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/text_config.h"

#define ROUTE(text) "listeners: [\":1\"]\nroutes: [{" text "}]\n"

static void requires_one_pattern_per_capture(void **state)
{
    text_config_expect(ROUTE("path: '/{a}', captures: {a: 'x[0-9]'}, target: 'h:1'"), "");
    text_config_expect(ROUTE("path: '/{a}', target: 'h:1'"), "routes[0].path: {a} has no pattern");
    text_config_expect(ROUTE("path: '/{a}/{a}', captures: {a: x}, target: 'h:1'"),
                       "routes[0].path: has {a} twice");
    text_config_expect(ROUTE("path: /, captures: {a: x}, target: 'h:1'"),
                       "routes[0].captures.a: the path has no {a}");
    text_config_expect(ROUTE("path: '/{a}/{b}/{c}/{d}/{e}', target: 'h:1',"
                             "captures: {a: x, b: x, c: x, d: x, e: x}"),
                       "routes[0].path: has more than 4 captures");
}

static void requires_template_names_in_the_path(void **state)
{
    text_config_expect(ROUTE("path: '/{desk}', captures: {desk: 'x[0-9]'}, target: '{desk}.i:1'"),
                       "");
    text_config_expect(ROUTE("path: '/{desk}', captures: {desk: x}, target: '{disk}.i:1'"),
                       "routes[0].target.address: the path has no {disk}; did you mean {desk}?");
    text_config_expect(ROUTE("path: '/{desk}', captures: {desk: x}, target: '{other}.i:1'"),
                       "the path has no {other}; capture it in the path");
    text_config_expect(ROUTE("path: /, target: 'a{b:1'"), "has an unmatched brace");
    text_config_expect(ROUTE("path: '/{a}', captures: {a: 'x[0-9]'}, target: '}{a}.i:1'"),
                       "has an unmatched brace");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requires_one_pattern_per_capture),
        cmocka_unit_test(requires_template_names_in_the_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
