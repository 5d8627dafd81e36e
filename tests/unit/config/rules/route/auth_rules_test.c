#include "config/rules/route/auth_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/text_config.h"

#define PROXIES     "trusted_proxies: [10.0.0.1]\n"
#define ROUTE(text) "listeners: [\":1\"]\nroutes: [{path: /a, target: 'h:1', " text "}]\n"
#define HEADER      "{header: X-User}"
#define TRUSTED     "trusted_proxies: [10.0.0.1], "
#define LISTENER(text, route)                                                                      \
    "listeners: [{address: ':1', " text "}, {address: ':2', trusted_proxies: [10.0.0.1], routes: " \
    "[other], tls: {certificates: [a], client_ca: b}}]\n"                                          \
    "routes: [{path: /a, target: 'h:1', " route "}, {name: other, path: /b, target: 'h:1'}]\n"

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
                       "routes[0].auth[0].ticket.key: has neither file nor url");
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

#define CHOSEN(text) "listeners: [\":1\"]\nroutes: [{path: /a, " text "}]\n"
#define TOKENS       "tokens: {auth: true, permit: ['10.0.0.0/8:*']}, "

/* What names a target, and tokens.auth, need each other. */
static void targets_of_auth_need_both_sides(void **state)
{
    (void)state;
    text_config_expect(CHOSEN(TOKENS "auth: [{ticket: {key: k, target: desk}}]"), "");
    text_config_expect(CHOSEN(TOKENS "auth: [{forward: {url: 'http://a:1/', target: X-Desk}}]"),
                       "");
    text_config_expect(CHOSEN(TOKENS "auth: [{ticket: {key: k}}, {forward: {url: 'http://a:1/', "
                                     "target: X-Desk}}]"),
                       "");
    text_config_expect(ROUTE("auth: [{ticket: {key: k, target: desk}}]"),
                       "routes[0].auth[0].ticket.target: has no effect without tokens.auth");
    text_config_expect(ROUTE("auth: [{forward: {url: 'http://a:1/', target: X-Desk}}]"),
                       "routes[0].auth[0].forward.target: has no effect without tokens.auth");
    text_config_expect(CHOSEN(TOKENS "auth: [{ticket: {key: k}}]"),
                       "routes[0].tokens.auth: no method of auth names a target");
    text_config_expect(CHOSEN("tokens: {auth: true}"),
                       "routes[0].tokens.auth: no method of auth names a target");
    text_config_expect(
        CHOSEN(TOKENS "satisfy: any, auth: [{ticket: {key: k, target: desk}}, "
                      "{basic: u}]"),
        "routes[0].tokens.auth: a client who passes by basic alone would have no target");
    text_config_expect(CHOSEN("tokens: {auth: false}, auth: [{basic: u}]"),
                       "routes[0]: the route has no target");
    text_config_expect(CHOSEN("tokens: {auth: true, file: f}, auth: [{ticket: {key: k, target: "
                              "desk}}]"),
                       "there is ");
}

#define ASKS(auth) "listeners: [{address: ':1', auth: [" auth "]}]\n"
#define FOR(text)  "routes: [{path: /a, " text "}]\n"

/* The methods may be the listener's, of which a route without its own makes use. */
static void a_listener_may_name_targets(void **state)
{
    (void)state;
    text_config_expect(ASKS("{ticket: {key: k, target: desk}}") FOR("tokens: {auth: true}"), "");
    text_config_expect(ASKS("{ticket: {key: k, target: desk}}") FOR("target: 'h:1'"),
                       "listeners[0].auth[0].ticket.target: has no effect without tokens.auth");
    text_config_expect(ASKS("{basic: u}") FOR("tokens: {auth: true}"),
                       "routes[0].tokens.auth: no method of auth names a target");
    text_config_expect(
        ASKS("{ticket: {key: k, target: desk}}")
            FOR("tokens: {auth: true}, auth: [{basic: u}]}, {path: /b, tokens: {auth: true}"),
        "routes[0].tokens.auth: no method of auth names a target");
}

static void tokens_may_be_tickets(void **state)
{
    (void)state;
    text_config_expect(CHOSEN("tokens: {ticket: {key: {file: k, algorithm: websockify}}}"), "");
    text_config_expect(CHOSEN("tokens: {ticket: {target: desk}}"),
                       "routes[0].tokens.ticket: key is missing");
    text_config_expect(CHOSEN("tokens: {ticket: {key: k, unlimited: true, single_use: true}}"),
                       "routes[0].tokens.ticket.unlimited: excludes single_use");
}

#define KEY_URL(text) ROUTE("auth: [{ticket: {key: {" text "}}}]")

/* Public keys, from where nobody can change them on their way. */
static void keys_come_from_a_safe_place(void **state)
{
    static const char *const safe[] = {
        "url: 'https://id.example.com/jwks'",
        "url: 'http://127.0.0.1:9000/'",
        "url: 'http://127.9.9.9/'",
        "url: 'http://localhost/a'",
        "url: 'http://[::1]:9000/'",
        "url: 'unix:/run/id.sock:/jwks'",
        "url: 'https://h/', ca: c, cache: 2h, interval: 1m, timeout: 1s, algorithm: RS256",
    };
    static const char *const unsafe[] = {
        "url: 'http://id.example.com/jwks'",
        "url: 'http://127.0.0.1.example.com/'",
        "url: 'http://10.0.0.1/'",
        "url: 'http://localhost.example.com/'",
        "url: 'http://[::2]/'",
    };
    char text[300];
    (void)state;
    for (size_t i = 0; i < WSL_COUNT(safe); i++) {
        snprintf(text, sizeof(text), KEY_URL("%s"), safe[i]);
        text_config_expect(text, "");
    }
    for (size_t i = 0; i < WSL_COUNT(unsafe); i++) {
        snprintf(text, sizeof(text), KEY_URL("%s"), unsafe[i]);
        text_config_expect(text, "routes[0].auth[0].ticket.key.url: keys that come over http://");
    }
    text_config_expect(KEY_URL("url: 'https://h/', algorithm: HS384"),
                       "routes[0].auth[0].ticket.key.algorithm: the keys of a URL are public");
    text_config_expect(KEY_URL("url: 'https://h/', algorithm: websockify"),
                       "routes[0].auth[0].ticket.key.algorithm: the keys of a URL are public");
    text_config_expect(KEY_URL("url: 'https://h/', file: k"),
                       "routes[0].auth[0].ticket.key.url: there is a file as well");
    text_config_expect(KEY_URL("file: k, ca: c"),
                       "routes[0].auth[0].ticket.key.ca: has no effect without url");
    text_config_expect(KEY_URL("ca: c"), "routes[0].auth[0].ticket.key: has neither file nor url");
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

/* What a method needs, the listener itself must have. */
static void checks_the_methods_of_a_listener(void **state)
{
    (void)state;
    text_config_expect(
        LISTENER(TRUSTED "auth: [" HEADER "], satisfy: any", "max_sessions_per_user: 2"), "");
    text_config_expect(LISTENER("auth: [" HEADER "]", ""),
                       "listeners[0].auth[0].header: nobody can pass: the listener has no "
                       "trusted_proxies");
    text_config_expect(LISTENER("auth: [{certificate: {names: [a]}}]", ""),
                       "listeners[0].auth[0].certificate: nobody can pass: the listener asks for "
                       "no client certificates");
    text_config_expect(LISTENER("auth: [{}]", ""),
                       "listeners[0].auth[0]: the element has no method");
    text_config_expect(LISTENER("satisfy: any", ""),
                       "listeners[0].satisfy: has no effect without auth");
    text_config_expect(LISTENER("auth: [{basic: u}, {ticket: {key: k, from: []}}]", ""),
                       "listeners[0].auth[1].ticket.from: no place is named");
    text_config_expect(LISTENER("auth: [{login: u}, {login: v}]", ""),
                       "listeners[0].auth[1].login: the listener has another login");
    text_config_expect(LISTENER("auth: [{logn: u}]", ""),
                       "listeners[0].auth[0].logn: unknown option");
}

/* A route without auth of its own that the listener serves; its other options say so, too. */
static void knows_the_routes_of_a_listener(void **state)
{
    (void)state;
    text_config_expect(LISTENER(TRUSTED "auth: [{login: {users: u, scope: /}}]", ""), "");
    text_config_expect(LISTENER(TRUSTED "auth: [{login: {users: u, scope: /a}}]", ""), "");
    text_config_expect(LISTENER("auth: [{login: {users: u, scope: /c}}]", ""),
                       "listeners[0].auth[0].login: the path /a is not in the scope /c");
    text_config_expect(
        LISTENER(TRUSTED "auth: [{login: {users: u, scope: /c}}]", "auth: [{basic: u}]"), "");
    text_config_expect(LISTENER("auth: [{basic: u}]", "auth_for: websocket"),
                       "routes[0].auth_for: has no effect without auth");
    text_config_expect(
        "listeners: [{address: ':1', routes: [x], auth: [{basic: u}]}, ':2']\nroutes: [{name: x, "
        "path: /x, target: 'h:1'}, {path: /y, target: 'h:1', max_sessions_per_user: 1}]\n",
        "routes[1].max_sessions_per_user: has no effect without auth");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_one_method_in_each_element),
        cmocka_unit_test(a_ticket_needs_a_key),
        cmocka_unit_test(targets_of_auth_need_both_sides),
        cmocka_unit_test(a_listener_may_name_targets),
        cmocka_unit_test(tokens_may_be_tickets),
        cmocka_unit_test(refuses_what_has_no_effect),
        cmocka_unit_test(checks_logins),
        cmocka_unit_test(checks_passwords_and_certificates),
        cmocka_unit_test(checks_which_requests_must_pass),
        cmocka_unit_test(keys_come_from_a_safe_place),
        cmocka_unit_test(checks_the_methods_of_a_listener),
        cmocka_unit_test(knows_the_routes_of_a_listener),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
