#include "config/rules/route/auth_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/text_config.h"

#define PROXIES     "trusted_proxies: [10.0.0.1]\n"
#define ROUTE(text) "listeners: [\":1\"]\nroutes: [{path: /a, target: 'h:1', " text "}]\n"
#define HEADER      "{header: X-User}"

static void takes_one_method_in_each_element(void **state)
{
    (void)state;
    text_config_expect(PROXIES ROUTE("auth: [" HEADER ", " HEADER "], satisfy: any"), "");
    text_config_expect(ROUTE("auth: []"), "");
    text_config_expect(PROXIES ROUTE("auth: [{}]"), "routes[0].auth[0]: the element has no method");
    text_config_expect(PROXIES ROUTE("auth: [" HEADER ", {}]"),
                       "routes[0].auth[1]: the element has no method");
    text_config_expect(PROXIES ROUTE("auth: " HEADER), "routes[0].auth: must be a list");
}

static void a_ticket_needs_a_key(void **state)
{
    (void)state;
    text_config_expect(ROUTE("auth: [{ticket: {key: k}}]"), "");
    text_config_expect(ROUTE("auth: [{ticket: {key: {file: k, algorithm: HS256}, from: "
                             "[header, query:t], audience: a}}]"),
                       "");
    text_config_expect(ROUTE("auth: [{ticket: {audience: a}}]"),
                       "routes[0].auth[0].ticket: key is missing");
    text_config_expect(ROUTE("auth: [{ticket: {key: {algorithm: HS256}}}]"),
                       "routes[0].auth[0].ticket.key: file is missing");
    text_config_expect(ROUTE("auth: [{ticket: {key: k, from: path}}]"),
                       "routes[0].auth[0].ticket.from: must be header, header:NAME");
    text_config_expect(ROUTE("auth: [{ticket: {key: k, from: []}}]"),
                       "routes[0].auth[0].ticket.from: no place is named");
    text_config_expect(ROUTE("auth: [{ticket: {key: {file: k, algorithm: none}}}]"),
                       "routes[0].auth[0].ticket.key.algorithm: must be");
    text_config_expect(PROXIES ROUTE("auth: [{header: X-User, ticket: {key: k}}]"),
                       "routes[0].auth[0]: the element has header and ticket");
    text_config_expect(ROUTE("auth: [{ticket: {key: k, unlimited: true, single_use: true}}]"),
                       "routes[0].auth[0].ticket.unlimited: excludes single_use");
}

static void refuses_what_has_no_effect(void **state)
{
    (void)state;
    text_config_expect(PROXIES ROUTE("auth: [" HEADER "], max_sessions_per_user: 2"), "");
    text_config_expect(ROUTE("max_sessions_per_user: 2"),
                       "routes[0].max_sessions_per_user: has no effect without auth");
    text_config_expect(ROUTE("satisfy: any"), "routes[0].satisfy: has no effect without auth");
    text_config_expect(
        ROUTE("auth: [" HEADER "]"),
        "routes[0].auth[0].header: nobody can pass: no listener has trusted_proxies");
}

static void checks_logins(void **state)
{
    (void)state;
    text_config_expect(PROXIES ROUTE("auth: [{login: users}]"), "");
    text_config_expect(PROXIES ROUTE("auth: [{login: {users: u, scope: /}}]"), "");
    text_config_expect(PROXIES ROUTE("auth: [{login: {users: u, scope: /a}}]"), "");
    text_config_expect(ROUTE("auth: [{login: {users: u, scope: /ab}}]"),
                       "routes[0].auth[0].login: the path /a is not in the scope /ab");
    text_config_expect(
        "listeners: [\":1\"]\nroutes: [{path: /ab, target: 'h:1', auth: [{login: {users: u, "
        "scope: /a}}]}]\n",
        "routes[0].auth[0].login: the path /ab is not in the scope /a");
    text_config_expect(ROUTE("auth: [{login: users}, {login: users}]"),
                       "routes[0].auth[1].login: the route has another login");
}

#define TLS(more)                                                                                  \
    "listeners: [{address: \":1\", tls: {certificates: [{certificate: c.pem}]" more "}}]\n"        \
    "routes: [{path: /a, target: 'h:1', auth: [{certificate: {names: [\"*\"]}}]}]\n"

static void checks_passwords_and_certificates(void **state)
{
    (void)state;
    text_config_expect(PROXIES ROUTE("auth: [{basic: users}, {basic: {accounts: ['a:b']}}]"), "");
    text_config_expect(PROXIES ROUTE("auth: [{basic: {users: u, accounts: ['a:b']}}]"),
                       "routes[0].auth[0].basic: has users and accounts");
    text_config_expect(TLS(", client_ca: ca.pem, client_crl: crl.pem"), "");
    text_config_expect(TLS(""), "routes[0].auth[0].certificate: nobody can pass: no listener asks");
    text_config_expect(TLS(", client_verify: optional, client_crl: crl.pem"),
                       "listeners[0].tls.client_crl: needs client_ca");
    text_config_expect(
        "listeners: [{address: \":1\", tls: {certificates: [{certificate: c.pem}], client_ca: a, "
        "client_verify: off, client_crl: c}}]\nroutes: [{path: /a, target: 'h:1'}]\n",
        "listeners[0].tls.client_crl: no client is asked for a certificate");
    text_config_expect(ROUTE("auth: [{certificate: {names: ['a*b']}}]"),
                       "'*' must be at the beginning");
}

static void checks_which_requests_must_pass(void **state)
{
    (void)state;
    text_config_expect(PROXIES ROUTE("auth: [" HEADER "], auth_for: websocket"), "");
    text_config_expect(ROUTE("auth_for: websocket"),
                       "routes[0].auth_for: has no effect without auth");
    text_config_expect(PROXIES ROUTE("auth: [{login: users}], auth_for: websocket"),
                       "routes[0].auth_for: a login has a page");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_one_method_in_each_element),
        cmocka_unit_test(a_ticket_needs_a_key),
        cmocka_unit_test(refuses_what_has_no_effect),
        cmocka_unit_test(checks_logins),
        cmocka_unit_test(checks_passwords_and_certificates),
        cmocka_unit_test(checks_which_requests_must_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
