#include "config/source_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/text_config.h"

static const char text[] = "log: {level: info}\n"
                           "listeners:\n"
                           "  - address: ':1'\n"
                           "    tls: {certificates: [a, {certificate: b, key: k}]}\n"
                           "    auth: [{basic: u}, {login: {users: v}}]\n"
                           "routes:\n"
                           "  - path: /\n"
                           "    target: {address: 'h:1', ca: c}\n"
                           "    headers: {A: b, C: d}\n"
                           "  - targets: [h:1, {address: h:2, ca: 3}]\n"
                           "  - {path: bad, target: 'h:1'}\n";

static void expect_position(const struct source_map *map, struct option_ref option, unsigned line,
                            unsigned column)
{
    struct config_place where = map->names.locate(map->names.owner, option);
    assert_string_equal(where.file, "f");
    assert_int_equal(where.line, line);
    assert_int_equal(where.column, column);
}

static void finds_options_and_sections(void **state)
{
    struct text_config loaded;
    text_config_read(&loaded, text);
    const struct source_map *map = &loaded.schema.map;
    expect_position(map, (struct option_ref){.section = OPTIONS_LOG, .key = "level"}, 1, 7);
    expect_position(
        map,
        (struct option_ref){.section = OPTIONS_CERTIFICATE, .key = "key", .outer = 0, .inner = 1},
        4, 46);
    expect_position(map, (struct option_ref){.section = OPTIONS_CERTIFICATE, .key = "key"}, 4, 26);
    expect_position(map, (struct option_ref){.section = OPTIONS_TARGET, .key = "ca"}, 8, 30);
    expect_position(
        map, (struct option_ref){.section = OPTIONS_TARGET, .key = "ca", .outer = 1, .inner = 1},
        10, 35);
    expect_position(
        map, (struct option_ref){.section = OPTIONS_HEADER, .key = "C", .outer = 0, .inner = 1}, 9,
        21);
    expect_position(map, (struct option_ref){.section = OPTIONS_ROUTE, .key = "host", .outer = 1},
                    10, 5);
    text_config_free(&loaded);
}

/* A route and a listener have the same methods. */
static void finds_options_of_sections_that_are_alike(void **state)
{
    struct text_config loaded;
    text_config_read(&loaded, text);
    const struct source_map *map = &loaded.schema.map;
    struct option_ref users = {
        .section = OPTIONS_AUTH_LOGIN, .key = "users", .inner = 1, .within = OPTIONS_LISTENER_AUTH};
    expect_position(map, users, 5, 33);
    users.section = OPTIONS_AUTH;
    users.inner = 0;
    expect_position(map, users, 5, 12);
    users.within = OPTIONS_PROCESS; /* the route has none */
    expect_position(map, users, 7, 5);
    text_config_free(&loaded);
}

/* A missing option has the place of the nearest section around it. */
static void finds_the_nearest_place(void **state)
{
    struct text_config loaded;
    text_config_read(&loaded, text);
    const struct source_map *map = &loaded.schema.map;
    expect_position(map, (struct option_ref){.section = OPTIONS_PROCESS, .key = "user"}, 1, 1);
    expect_position(map, (struct option_ref){.section = OPTIONS_TOKENS, .key = "file"}, 7, 5);
    expect_position(map, (struct option_ref){.section = OPTIONS_ROUTE, .key = "path", .outer = 9},
                    1, 1);
    expect_position(
        map, (struct option_ref){.section = OPTIONS_TARGET, .key = "ca", .outer = 1, .inner = 9},
        10, 5);
    text_config_free(&loaded);
}

static void finds_faulty_and_single_elements(void **state)
{
    struct text_config loaded;
    text_config_read(&loaded, text);
    const struct option_locator *names = &loaded.schema.map.names;
    assert_false(option_ref_is_faulty(names, OPTIONS_LISTENER, 0));
    assert_false(option_ref_is_faulty(names, OPTIONS_ROUTE, 1));
    assert_true(option_ref_is_faulty(names, OPTIONS_ROUTE, 2));
    assert_true(option_ref_is_faulty(names, OPTIONS_ROUTE, 3)); /* not there */
    struct option_ref target = {.section = OPTIONS_TARGET};
    assert_true(names->is_single(names->owner, &target));
    target.outer = 1;
    assert_false(names->is_single(names->owner, &target));
    text_config_free(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_options_and_sections),
        cmocka_unit_test(finds_options_of_sections_that_are_alike),
        cmocka_unit_test(finds_the_nearest_place),
        cmocka_unit_test(finds_faulty_and_single_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
