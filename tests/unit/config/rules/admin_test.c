#include "config/rules/admin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/rules/route/route_set.h"
#include "lib/text_config.h"

#define GATEWAY "listeners: [\":1\"]\nroutes: [{path: /, target: 'h:1'}]\n"

static void adds_a_listener(void **state)
{
    struct text_config loaded;
    text_config_load(&loaded, "user: u\nadmin: {socket: /run/a, mode: 0660}\n" GATEWAY);
    assert_true(admin_attach(loaded.config));
    const struct config *config = loaded.config;
    assert_int_equal(config->listener_count, 2);
    assert_int_equal(config->admin_listeners, 1);
    assert_int_equal(config->route_count, 3);
    assert_int_equal(config->admin_routes, 2);
    const struct config_listener *admin = &config->listeners[1];
    assert_true(admin->admin);
    assert_string_equal(admin->address.path, "/run/a");
    assert_int_equal(admin->unix_mode, 0660);
    assert_string_equal(admin->unix_owner, "u");
    assert_int_equal(route_set_kinds(config, admin), ROUTE_SET_STATUS | ROUTE_SET_READY);
    assert_int_equal(route_set_kinds(config, &config->listeners[0]), ROUTE_SET_BRIDGE);
    size_t count;
    snapshot_elements(OPTIONS_LISTENER, config, &count);
    assert_int_equal(count, 1); /* it is not printed */
    text_config_free(&loaded);
}

/* The socket is ready when all health routes of the file are. */
static void needs_what_the_health_routes_need(void **state)
{
    struct text_config loaded;
    text_config_load(&loaded, "admin: /run/a\nlisteners: [\":1\"]\nroutes:\n"
                              "- {path: /a, target: 'tcp://h:1'}\n"
                              "- {path: /b, target: 'tcp://h:2'}\n"
                              "- {path: /ready, health: ready, needs: [/a]}\n"
                              "- {path: /also, health: ready, needs: [/b, /a]}\n"
                              "- {path: /live, health: live}\n");
    assert_true(admin_attach(loaded.config));
    const struct config_route *ready = &loaded.config->routes[loaded.config->route_count - 1];
    assert_string_equal(ready->path, ADMIN_READY);
    assert_int_equal(ready->needs.count, 3);
    assert_true(config_texts_has(&ready->needs, SLICE("/a")));
    assert_true(config_texts_has(&ready->needs, SLICE("/b")));
    text_config_free(&loaded);
}

static void adds_none_without_a_socket(void **state)
{
    struct text_config loaded;
    text_config_load(&loaded, GATEWAY);
    assert_true(admin_attach(loaded.config));
    assert_int_equal(loaded.config->listener_count, 1);
    assert_int_equal(loaded.config->admin_routes, 0);
    text_config_free(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_a_listener),
        cmocka_unit_test(needs_what_the_health_routes_need),
        cmocka_unit_test(adds_none_without_a_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
