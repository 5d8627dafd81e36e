#include "config/rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/options/snapshot.h"

/* How findings name options of the command line; those of files are in tests/config/wrong. */

static struct config_place locate(const void *owner, struct option_ref option)
{
    return (struct config_place){"command line", 0, 0};
}

static const struct option_locator flags = {.flags = true, .locate = locate};
static const struct option_locator paths = {.locate = locate};

static void set(struct config *config, enum options_section section, const char *key, void *object,
                const char *text)
{
    char why[128] = "";
    if (snapshot_set(config, options_find(section, key), object, text, why, sizeof(why)) !=
        VALUE_OK)
        fail_msg("%s: '%s' %s", key, text, why);
}

static void refuses_an_empty_snapshot(void **state)
{
    struct diag diag;
    diag_init(&diag);
    struct config *config = snapshot_begin();
    rules_check(config, &flags, &diag);
    assert_int_equal(diag.errors, 2);
    assert_null(diag.findings[0].option);
    diag_free(&diag);
    config_release(config);
}

static void names_options_by_flag_or_path(void **state)
{
    struct diag diag;
    diag_init(&diag);
    struct config *config = snapshot_begin();
    snapshot_open(config, OPTIONS_LISTENER, config);
    struct config_listener *listener = snapshot_open(config, OPTIONS_LISTENER, config);
    struct config_route *route = snapshot_open(config, OPTIONS_ROUTE, config);
    struct config_target *target = snapshot_open(config, OPTIONS_TARGET, route);
    struct config_certificate *pair = snapshot_open(config, OPTIONS_CERTIFICATE, &listener->tls);
    set(config, OPTIONS_CERTIFICATE, "key", pair, "a.key");
    set(config, OPTIONS_TLS, "client_verify", &listener->tls, "optional");
    rules_check(config, &flags, &diag);
    assert_int_equal(diag.errors, 3);
    assert_string_equal(diag.findings[0].option, "--key");
    assert_string_equal(diag.findings[1].option, "--verify-client");
    assert_string_equal(diag.findings[2].option, "--unix-target");
    diag_free(&diag);

    set(config, OPTIONS_CERTIFICATE, "certificate", pair, "a.pem");
    set(config, OPTIONS_TARGET, "address", target, "unix:/run/s");
    set(config, OPTIONS_TARGET, "tls", target, "true");
    rules_check(config, &paths, &diag);
    assert_int_equal(diag.errors, 2);
    assert_string_equal(diag.findings[0].option, "listeners[1].tls.client_verify");
    assert_string_equal(diag.findings[1].option, "routes[0].targets[0].server_name");
    diag_free(&diag);

    set(config, OPTIONS_TLS, "mode", &listener->tls, "required");
    set(config, OPTIONS_TARGET, "server_name", target, "desk.example");
    rules_check(config, &paths, &diag);
    assert_int_equal(diag.count, 0);
    diag_free(&diag);
    config_release(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_an_empty_snapshot),
        cmocka_unit_test(names_options_by_flag_or_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
