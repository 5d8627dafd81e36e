#include "config/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/text_config.h"

#define GATEWAY "listeners: [\":1\"]\nroutes: [{path: /, target: 'h:1'}]\n"

static void refuses_misplaced_keys(void **state)
{
    text_config_expect("x-note: [1, {a: b}]\n" GATEWAY, "");
    text_config_expect("worker: 1\n" GATEWAY, "f:1:1: worker: unknown option; did you mean worker");
    text_config_expect("workers: 1\nworkers: 2\n" GATEWAY,
                       "f:2:1: workers: repeated; the first one is in line 1");
    text_config_expect("x-a: [&a {b: 1, b: 2}]\n" GATEWAY,
                       "f:1:17: x-a[0].b: repeated; the first one is in line 1");
    text_config_expect("auth: a\n" GATEWAY, "auth: unknown option; move it to routes[]");
    text_config_expect("log: {x-note: 1}\n" GATEWAY, "log.x-note: unknown option");
}

static void refuses_the_wrong_shape(void **state)
{
    text_config_expect("log: [1]\n" GATEWAY, "log: must be a mapping");
    text_config_expect("listeners: [':1']\nroutes: [{path: /, target: ['h:1']}]\n",
                       "routes[0].target: must be one, not a list; write targets: for a list");
    text_config_expect("listeners: [{name: a}]\nroutes: [{path: /, target: 'h:1'}]\n",
                       "listeners[0]: address is missing");
    text_config_expect("listeners: [':1']\nroutes: [{target: 'h:1', targets: [h:2]}]\n",
                       "routes[0].targets: there is target in line 2 as well");
    text_config_expect("listeners: [':1']\nroutes: [{target: {address: 'tls://h:1', tls: false}}]",
                       "routes[0].target.tls: the address in line 2 says tls:// already");
}

static void included_files_add_listeners_and_routes(void **state)
{
    struct text_config loaded;
    text_config_read(&loaded, "include: [a, 'b/*']\n" GATEWAY);
    struct schema *schema = &loaded.schema;
    assert_int_equal(schema->include_count, 2);
    assert_string_equal(schema->includes[1].pattern, "/etc/wsluice/b/*");
    const char *text = "workers: 2\nlisteners: ['b']\nroutes: [{path: /b, target: 'unix:s'}]\n";
    struct yaml_tree *tree = yaml_parse_text("b", text, strlen(text), &loaded.diag);
    schema_read(schema, tree, "/b/");
    assert_int_equal(loaded.diag.count, 2);
    assert_string_equal(loaded.diag.findings[0].message,
                        "only listeners and routes are allowed in an included file");
    assert_string_equal(loaded.diag.findings[1].option, "listeners[1]");
    assert_int_equal(loaded.config->route_count, 2);
    assert_string_equal(loaded.config->routes[1].targets[0].address.path, "/b/s");
    assert_string_equal(loaded.config->routes[1].place.file, "b");
    yaml_tree_free(tree);
    text_config_free(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_misplaced_keys),
        cmocka_unit_test(refuses_the_wrong_shape),
        cmocka_unit_test(included_files_add_listeners_and_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
