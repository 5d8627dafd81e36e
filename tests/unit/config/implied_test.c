#include "config/implied.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/text_config.h"

static void certificates_imply_tls(void **state)
{
    struct text_config loaded;
    text_config_read(&loaded, "listeners:\n"
                              "  - {address: ':1', tls: {certificates: [a]}}\n"
                              "  - {address: ':2', tls: {certificates: [a], mode: optional}}\n"
                              "  - {address: ':3', tls: {certificates: [a], client_ca: c}}\n"
                              "  - {address: ':4'}\n");
    const struct config_listener *listeners = loaded.config->listeners;
    assert_int_equal(listeners[0].tls.mode, CONFIG_TLS_REQUIRED);
    assert_int_equal(listeners[0].tls.client_verify, CONFIG_VERIFY_OFF);
    assert_int_equal(listeners[1].tls.mode, CONFIG_TLS_OPTIONAL);
    assert_int_equal(listeners[2].tls.client_verify, CONFIG_VERIFY_REQUIRED);
    assert_int_equal(listeners[3].tls.mode, CONFIG_TLS_OFF);
    text_config_free(&loaded);
}

static void listeners_inherit_proxies(void **state)
{
    struct text_config loaded;
    text_config_read(&loaded, "trusted_proxies: [10.0.0.1, 10.0.0.2]\n"
                              "listeners: [':1', {address: ':2', trusted_proxies: []},\n"
                              "  {address: ':3', trusted_proxies: 10.0.0.3}]\n");
    assert_int_equal(loaded.config->listeners[0].trusted_proxies.count, 2);
    assert_int_equal(loaded.config->listeners[1].trusted_proxies.count, 0);
    assert_int_equal(loaded.config->listeners[2].trusted_proxies.count, 1);
    text_config_free(&loaded);
}

static enum config_log_target target_of(const char *text, size_t findings)
{
    struct text_config loaded;
    text_config_read(&loaded, text);
    assert_int_equal(loaded.diag.count, findings);
    enum config_log_target target = loaded.config->log.target;
    text_config_free(&loaded);
    return target;
}

static void log_target_from_file_or_syslog(void **state)
{
    assert_int_equal(target_of("log: {level: info}", 0), CONFIG_LOG_STDERR);
    assert_int_equal(target_of("log: {file: l}", 0), CONFIG_LOG_FILE);
    assert_int_equal(target_of("log: {syslog: /dev/log}", 0), CONFIG_LOG_SYSLOG);
    assert_int_equal(target_of("log: {file: l, target: stderr}", 0), CONFIG_LOG_STDERR);
    assert_int_equal(target_of("log: {file: l, syslog: /dev/log}", 1), CONFIG_LOG_FILE);
}

static void route_kind_from_options(void **state)
{
    static const enum config_kind expected[] = {CONFIG_KIND_REDIRECT, CONFIG_KIND_HEALTH,
                                                CONFIG_KIND_STATUS,   CONFIG_KIND_FILES,
                                                CONFIG_KIND_BRIDGE,   CONFIG_KIND_METRICS};
    struct text_config loaded;
    text_config_read(&loaded, "routes: [{redirect: /a}, {health: live}, {status: true},\n"
                              "  {files: /f}, {files: /f, target: 'h:1'}, {metrics: true}]\n");
    assert_int_equal(loaded.config->route_count, WSL_COUNT(expected));
    for (size_t i = 0; i < WSL_COUNT(expected); i++)
        assert_int_equal(loaded.config->routes[i].kind, expected[i]);
    text_config_free(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_imply_tls),
        cmocka_unit_test(listeners_inherit_proxies),
        cmocka_unit_test(log_target_from_file_or_syslog),
        cmocka_unit_test(route_kind_from_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
