#include "config/rules/route/route_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/text_config.h"

#define ROUTE(text) "listeners: [\":1\"]\nroutes: [{path: /a, " text "}]\n"

static void requires_one_purpose(void **state)
{
    text_config_expect(ROUTE("redirect: /b"), "");
    text_config_expect(ROUTE("files: /srv"), "");
    text_config_expect(ROUTE("name: x"), "routes[0]: the route has no target, tokens, files");
    text_config_expect(ROUTE("target: 'h:1', redirect: /b"),
                       "routes[0].redirect: the route has a target at f:2:21 as well");
    text_config_expect(ROUTE("tokens: t, health: live"), "routes[0].health: the route has tokens");
}

/* The table's purposes, which the JSON Schema knows, are those of the rules. */
static void purposes_of_the_table_exclude_a_target(void **state)
{
    const struct options_row *row;
    size_t count = 0;
    for (size_t i = 0; (row = options_at(i)); i++) {
        char text[160], finding[80];
        if (row->purpose != OPTIONS_PURPOSE_PAGE)
            continue;
        const char *value = row->value.type == VALUE_ENUM   ? row->value.names[1].name
                            : row->value.type == VALUE_BOOL ? "true"
                                                            : "/b";
        snprintf(text, sizeof(text), ROUTE("target: 'h:1', %s: %s"), row->key, value);
        snprintf(finding, sizeof(finding), "routes[0].%s: the route has a target", row->key);
        text_config_expect(text, finding);
        snprintf(text, sizeof(text), ROUTE("%s: %s"), row->key, value);
        text_config_expect(text, "");
        count++;
    }
    assert_int_equal(count, 4);
}

static void options_that_need_or_exclude_another(void **state)
{
    text_config_expect(ROUTE("target: 'h:1', files: /srv, record: /r"), "");
    text_config_expect(ROUTE("redirect: /b, files: /srv"),
                       "routes[0].files: files may stand alone");
    text_config_expect(ROUTE("redirect: /b, demo: true"), "routes[0].demo: the demo page needs");
    text_config_expect(ROUTE("target: 'h:1', files: /srv, demo: true"),
                       "routes[0].demo: files answer the same requests");
    text_config_expect(ROUTE("redirect: /b, record: /r"),
                       "routes[0].record: has no effect on a route without a target");
}

static void refuses_reserved_headers(void **state)
{
    text_config_expect(ROUTE("target: 'h:1', headers: {X-A: b}"), "");
    text_config_expect(ROUTE("target: 'h:1', headers: {upgrade: b}"),
                       "routes[0].headers.upgrade: has no effect");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requires_one_purpose),
        cmocka_unit_test(purposes_of_the_table_exclude_a_target),
        cmocka_unit_test(options_that_need_or_exclude_another),
        cmocka_unit_test(refuses_reserved_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
