#include "config/options/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void set(struct config *config, enum options_section section, const char *key, void *object,
                const char *text)
{
    char why[128] = "";
    const struct options_row *row = options_find(section, key);
    assert_non_null(row);
    if (snapshot_set(config, row, object, text, why, sizeof(why)) != VALUE_OK)
        fail_msg("%s: '%s' %s", key, text, why);
}

static void has_documented_defaults(void **state)
{
    struct config *config = snapshot_begin();
    assert_int_equal(config->workers, 0);
    assert_int_equal(config->log.level, CONFIG_LOG_INFO);
    assert_int_equal(config->log.format, CONFIG_LOG_TEXT);
    assert_null(config->log.file);
    assert_int_equal(config->limits.handshake_timeout_ms, 10000);
    assert_int_equal(config->limits.close_timeout_ms, 5000);
    assert_int_equal(config->limits.drain_timeout_ms, 30000);
    assert_int_equal(config->limits.head_bytes, 16384);
    assert_int_equal(config->limits.head_fields, 100);
    assert_int_equal(config->listener_count, 0);
    assert_int_equal(config->route_count, 0);

    struct config_listener *listener = snapshot_open(config, OPTIONS_LISTENER, config);
    assert_ptr_equal(listener, config->listeners);
    assert_int_equal(listener->unix_mode, 0600);
    assert_int_equal(listener->backlog, 4096);
    assert_false(listener->prefer_ipv6);
    struct config_tls *tls = snapshot_open(config, OPTIONS_TLS, listener);
    assert_ptr_equal(tls, &listener->tls);
    assert_int_equal(tls->mode, CONFIG_TLS_OFF);
    assert_int_equal(tls->client_verify, CONFIG_VERIFY_OFF);
    assert_int_equal(tls->min_version, CONFIG_TLS_1_2);
    assert_int_equal(tls->certificate_count, 0);

    struct config_route *route = snapshot_open(config, OPTIONS_ROUTE, config);
    assert_string_equal(route->path, "/*");
    assert_int_equal(route->connect, CONFIG_CONNECT_FIRST);
    assert_int_equal(route->text, CONFIG_TEXT_FORWARD);
    assert_int_equal(route->connect_timeout_ms, 10000);
    assert_int_equal(route->ping_interval_ms, 30000);
    assert_int_equal(route->ping_timeout_ms, 15000);
    assert_int_equal(route->idle_timeout_ms, 0);
    assert_int_equal(route->max_duration_ms, 0);
    assert_int_equal(route->target_count, 0);
    struct config_target *target = snapshot_open(config, OPTIONS_TARGET, route);
    assert_ptr_equal(target, route->targets);
    assert_false(target->tls);
    config_release(config);
}

static void copies_values(void **state)
{
    struct config *config = snapshot_begin();
    struct config_listener *listener = snapshot_open(config, OPTIONS_LISTENER, config);
    char text[] = "[::1]:6080";
    set(config, OPTIONS_LISTENER, "address", listener, text);
    memset(text, 'x', sizeof(text));
    assert_string_equal(listener->address.host, "::1");
    assert_int_equal(listener->address.port, 6080);
    set(config, OPTIONS_LISTENER, "address", listener, "unix:@name");
    assert_int_equal(listener->address.kind, CONFIG_ADDRESS_UNIX);
    assert_string_equal(listener->address.path, "@name");
    assert_null(listener->address.host);
    set(config, OPTIONS_LISTENER, "prefer_ipv6", listener, "yes");
    assert_true(listener->prefer_ipv6);
    config_release(config);
}

static void refuses_bad_values_unchanged(void **state)
{
    struct config *config = snapshot_begin();
    char why[128];
    assert_int_equal(snapshot_set(config, options_find(OPTIONS_LIMITS, "close_timeout"),
                                  &config->limits, "soon", why, sizeof(why)),
                     VALUE_MALFORMED);
    assert_int_equal(config->limits.close_timeout_ms, 5000);
    config_release(config);
}

static void grows_lists(void **state)
{
    struct config *config = snapshot_begin();
    for (unsigned i = 1; i <= 33; i++) {
        struct config_listener *listener = snapshot_open(config, OPTIONS_LISTENER, config);
        char text[16];
        snprintf(text, sizeof(text), "%u", i);
        set(config, OPTIONS_LISTENER, "address", listener, text);
        assert_int_equal(config->listener_count, i);
    }
    for (unsigned i = 0; i < 33; i++) {
        assert_int_equal(config->listeners[i].address.port, i + 1);
        assert_int_equal(config->listeners[i].backlog, 4096);
    }
    config_release(config);
}

static void freed_at_the_last_release(void **state)
{
    struct config *config = snapshot_begin();
    const struct config *shared = config_retain(config);
    config_release(config);
    assert_int_equal(shared->limits.head_fields, 100);
    config_release(shared);
    config_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_documented_defaults),      cmocka_unit_test(copies_values),
        cmocka_unit_test(refuses_bad_values_unchanged), cmocka_unit_test(grows_lists),
        cmocka_unit_test(freed_at_the_last_release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
