#include "config/rules/warnings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/load.h"

static size_t warnings_of(const char *listeners, const char *routes)
{
    char path[] = "/tmp/wsluice-exposure-XXXXXX";
    int fd = mkstemp(path);
    struct diag diag;
    diag_init(&diag);
    dprintf(fd, "listeners: %s\nroutes: %s\n", listeners, routes);
    close(fd);
    const struct config *config = load_config(&(struct load_request){.path = path}, &diag);
    unlink(path);
    assert_non_null(config);
    size_t count = diag.count;
    config_release(config);
    diag_free(&diag);
    return count;
}

#define DESK   "{path: /vnc, target: \"tcp://h:1\"}"
#define STATUS "{name: ops, path: /status, status: true}"

static void warns_of_operator_pages_on_public_listeners(void **state)
{
    assert_int_equal(warnings_of("[\":443\"]", "[" DESK ", " STATUS "]"), 1);
    assert_int_equal(warnings_of("[\":443\"]", "[" DESK ", {path: /m, metrics: true}]"), 1);
    assert_int_equal(warnings_of("[\":443\"]", "[{path: /*, files: /srv}, " STATUS "]"), 1);
    assert_int_equal(
        warnings_of("[{address: \":443\", routes: [/vnc, ops]}]", "[" DESK ", " STATUS "]"), 1);
}

static void no_warning_with_restricted_access(void **state)
{
    assert_int_equal(warnings_of("[\"127.0.0.1:80\"]", "[{path: /*, files: /srv}, " STATUS "]"), 0);
    assert_int_equal(warnings_of("[\"unix:/run/s\"]", "[" DESK ", " STATUS "]"), 0);
    assert_int_equal(
        warnings_of("[{address: \":443\", allow: [10.0.0.0/8]}]", "[" DESK ", " STATUS "]"), 0);
    assert_int_equal(warnings_of("[\":443\"]", "[" DESK ", {path: /status, status: true, "
                                               "allow: [10.0.0.0/8]}]"),
                     0);
    assert_int_equal(
        warnings_of("[\":443\", {address: \":9090\", routes: [ops]}]", "[" DESK ", " STATUS "]"),
        0);
}

#define HOST(host, pattern)                                                                        \
    warnings_of("[\":443\"]",                                                                      \
                "[{path: \"/d/{n}/{m}\", captures: {n: \"" pattern "\", m: \"[a-z]+\"}, "          \
                "target: \"tcp://" host ":1\"}]")

static void warns_of_client_chosen_hosts(void **state)
{
    assert_int_equal(HOST("{n}", "[a-z0-9-]{1,32}"), 1);
    assert_int_equal(HOST("{n}", ".*"), 1);
    assert_int_equal(HOST("{n}", "[0-9.]+"), 1);
    assert_int_equal(HOST("{n}.{m}", "[a-z0-9-]{1,32}"), 1);
    assert_int_equal(HOST("{n}.{m}.", "one|[a-z]"), 1);
    assert_int_equal(HOST("{n}.desks", "[a-z0-9-]{1,32}"), 0);
    assert_int_equal(HOST("desk{n}", "[a-z0-9-]{1,32}"), 0);
    assert_int_equal(HOST("10.0.0.{n}", "[0-9]{1,3}"), 0);
    assert_int_equal(HOST("{n}", "desk-[0-9]{1,4}"), 0);
    assert_int_equal(HOST("{n}", "localhost|127[.]0[.]0[.][12]"), 0);
    assert_int_equal(HOST("{m}.{n}", "lab|home"), 0);
    assert_int_equal(HOST("h", "[a-z0-9-]{1,32}"), 0);
}

static void warns_of_dns_rebinding(void **state)
{
    static const char tls[] = "{certificates: [{certificate: /c.pem}], mode: ";
    char listener[200];
    assert_int_equal(warnings_of("[\"127.0.0.1:80\"]", "[" DESK "]"), 1);
    assert_int_equal(warnings_of("[\"127.0.0.1:80\"]", "[" DESK ", {path: /a, target: \"h:1\"}, "
                                                       "{path: /b, target: \"h:1\"}]"),
                     1);
    assert_int_equal(warnings_of("[\"[10.0.0.1]:80\", \"localhost:81\"]", "[" DESK "]"), 1);
    assert_int_equal(warnings_of("[\"localhost:80\"]",
                                 "[{path: /a, target: \"h:1\", origins: [\"https://b\"]}]"),
                     1);
    snprintf(listener, sizeof(listener), "[{address: \"127.0.0.1:80\", tls: %soptional}}]", tls);
    assert_int_equal(warnings_of(listener, "[" DESK "]"), 1);
    snprintf(listener, sizeof(listener), "[{address: \"127.0.0.1:80\", tls: %srequired}}]", tls);
    assert_int_equal(warnings_of(listener, "[" DESK "]"), 0);
    assert_int_equal(warnings_of("[\"unix:/run/s\"]", "[" DESK "]"), 0);
    assert_int_equal(
        warnings_of("[{address: \"127.0.0.1:80\", trusted_proxies: [127.0.0.1]}]", "[" DESK "]"),
        0);
    assert_int_equal(warnings_of("[\"127.0.0.1:80\"]", "[{path: /*, files: /srv}]"), 0);
    assert_int_equal(warnings_of("[\"127.0.0.1:80\"]", "[{path: /a, target: \"h:1\", host: desk}]"),
                     0);
    assert_int_equal(
        warnings_of("[\"127.0.0.1:80\"]", "[{path: /a, target: \"h:1\", origins: [any]}]"), 0);
    assert_int_equal(warnings_of("[\"127.0.0.1:80\"]", "[{path: /a, tokens: {file: /t}}]"), 0);
    assert_int_equal(warnings_of("[\"127.0.0.1:80\", {address: \":81\", routes: [/vnc]}]",
                                 "[" DESK ", " STATUS "]"),
                     0);
}

#define LIVE "{name: live, path: /livez, health: live}"
#define TLS  "{address: \":443\", tls: {certificates: [desk.pem]}}"

/* Nobody can ask before TLS, and over a limit no handshake is done. */
static void warns_of_liveness_behind_tls(void **state)
{
    assert_int_equal(warnings_of("[" TLS "]", "[" DESK ", " LIVE "]"), 1);
    assert_int_equal(warnings_of("[\":80\"]", "[" DESK ", " LIVE "]"), 0);
    assert_int_equal(warnings_of("[" TLS "]", "[" LIVE "]"), 0);
    assert_int_equal(
        warnings_of("[" TLS ", {address: \":9090\", routes: [live]}]", "[" DESK ", " LIVE "]"), 0);
}

#define BASIC    "{path: /vnc, target: \"tcp://h:1\", auth: [{header: X-User}, {basic: users}]}"
#define AUTH_TLS "{address: \":443\", tls: {certificates: [desk.pem]}}"

static void knows_auth_of_listeners(void **state)
{
    assert_int_equal(warnings_of("[{address: \":80\", auth: [{login: users}]}]", "[" DESK "]"), 1);
    assert_int_equal(warnings_of("[{address: \":80\", trusted_proxies: [10.0.0.1], auth: [{header: "
                                 "X}, {login: users}]}]",
                                 "[" DESK "]"),
                     0);
    assert_int_equal(warnings_of("[{address: \":80\", trusted_proxies: [10.0.0.1], auth: [{basic: "
                                 "users}]}]",
                                 "[" DESK ", " STATUS "]"),
                     0); /* nor that everybody reads the status */
    assert_int_equal(warnings_of("[{address: \"127.0.0.1:80\", auth: [{basic: users}]}]",
                                 "[{path: /vnc, target: \"tcp://h:1\"}]"),
                     0); /* nor of DNS rebinding */
    assert_int_equal(warnings_of("[{address: \"127.0.0.1:80\", routes: [/vnc], auth: [{basic: "
                                 "users}]}, \"127.0.0.1:81\"]",
                                 "[{path: /vnc, target: \"tcp://h:1\"}, {path: /b, target: "
                                 "\"tcp://h:1\"}]"),
                     1);
}

static void warns_of_readable_passwords(void **state)
{
    assert_int_equal(warnings_of("[" AUTH_TLS ", {address: \":80\", trusted_proxies: [10.0.0.1]}]",
                                 "[" BASIC "]"),
                     0);
    assert_int_equal(warnings_of("[{address: \"unix:/s\", trusted_proxies: [10.0.0.1]}, \":80\"]",
                                 "[" BASIC "]"),
                     1);
    assert_int_equal(
        warnings_of("[{address: \"127.0.0.1:80\", trusted_proxies: [10.0.0.1]}]", "[" BASIC "]"),
        0);
    assert_int_equal(warnings_of("[\"127.0.0.1:80\"]",
                                 "[{path: /vnc, target: \"tcp://h:1\", auth: [{basic: users}]}]"),
                     0); /* nor of DNS rebinding */
    assert_int_equal(warnings_of("[{address: \":80\", trusted_proxies: [10.0.0.1]}]",
                                 "[" DESK ", {path: /s, status: true, auth: [{basic: users}]}]"),
                     0);
    assert_int_equal(warnings_of("[\":80\"]", "[{path: /vnc, target: \"tcp://h:1\", auth: [{login: "
                                              "users}]}]"),
                     1);
    assert_int_equal(warnings_of("[" AUTH_TLS "]", "[{path: /vnc, target: \"tcp://h:1\", auth: "
                                                   "[{login: users}]}]"),
                     0);
}

#define WS_WITH(address, options)                                                                  \
    warnings_of("[{address: \"127.0.0.1:1\", raw: true, routes: [a]}]",                            \
                "[{name: a, target: {address: \"" address "\", websocket: {" options "}}}]")
#define WS(address) WS_WITH(address, "bearer: x")

/* That raw clients of a loopback listener need no host is no finding, either: no browser is one. */
static void warns_of_readable_credentials(void **state)
{
    assert_int_equal(WS("ws://h/"), 1);
    assert_int_equal(WS("wss://h/"), 0);
    assert_int_equal(WS("ws://127.0.0.1/"), 0);
    assert_int_equal(WS("ws+unix:/s"), 0);
    assert_int_equal(WS("ws://127.0.0.1/\", connect_to: \"h:1"), 1);
    assert_int_equal(WS("ws://h/\", connect_to: \"127.0.0.1:1"), 0);
    assert_int_equal(WS("ws://h/\", connect_to: \"unix:/s"), 0);
    assert_int_equal(WS_WITH("ws://h/", "headers: {authorization: x}"), 1);
    assert_int_equal(WS_WITH("ws://h/", "headers: {X-A: x}"), 0);
    assert_int_equal(WS_WITH("ws://127.0.0.1/", "headers: {authorization: x}"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warns_of_operator_pages_on_public_listeners),
        cmocka_unit_test(warns_of_dns_rebinding),
        cmocka_unit_test(no_warning_with_restricted_access),
        cmocka_unit_test(warns_of_client_chosen_hosts),
        cmocka_unit_test(warns_of_liveness_behind_tls),
        cmocka_unit_test(warns_of_readable_passwords),
        cmocka_unit_test(warns_of_readable_credentials),
        cmocka_unit_test(knows_auth_of_listeners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
