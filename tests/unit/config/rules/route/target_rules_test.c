#include "config/rules/route/target_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/text_config.h"

#define ROUTE(text)  "listeners: [\":1\"]\nroutes: [{path: /a, " text "}]\n"
#define TARGET(text) ROUTE("target: {" text "}")

static void refuses_tls_options_without_tls(void **state)
{
    text_config_expect(TARGET("address: 'tls://h:1', ca: c, server_name: n"), "");
    text_config_expect(TARGET("address: 'h:1', ca: c"),
                       "routes[0].target.ca: has no effect without TLS; write the address as tls:");
    text_config_expect(ROUTE("tokens: {file: t, ca: c}"),
                       "routes[0].tokens.ca: has no effect without TLS; add tls: true");
    text_config_expect(TARGET("address: 'unix:/s', tls: true"),
                       "routes[0].target.server_name: TLS to a Unix socket has no host");
    text_config_expect(TARGET("address: 'tls://h:1', ca: c, insecure: true"),
                       "routes[0].target.insecure: there is a ca as well");
    text_config_expect(TARGET("address: 'tls://h:1', key: k"),
                       "routes[0].target.key: a key needs its certificate");
}

static void requires_banners_with_probes(void **state)
{
    text_config_expect(TARGET("address: 'h:1', probe: banner, banner: SSH"), "");
    text_config_expect(TARGET("address: 'h:1', probe: banner"), "target.probe: there is no banner");
    text_config_expect(ROUTE("expect: ssh, target: {address: 'h:1', probe: banner}"), "");
    text_config_expect(TARGET("address: 'h:1', banner: SSH"), "target.banner: only probe: banner");
}

static void refuses_probes_with_captures(void **state)
{
    text_config_expect("listeners: [\":1\"]\nroutes: [{path: '/{a}', captures: {a: 'x[0-9]'},"
                       "target: {address: '{a}.i:1', probe: connect}}]\n",
                       "routes[0].target.probe: has no effect on a target with {NAME}");
}

static void refuses_proxies_that_cannot_help(void **state)
{
    text_config_expect(TARGET("address: 'h:1', proxy: 'http://me:pass@gate:3128'"), "");
    text_config_expect(TARGET("address: 'tls://h:1', proxy: 'socks5://gate'"), "");
    text_config_expect(TARGET("address: 'unix:/s', proxy: 'socks5://gate'"),
                       "routes[0].target.proxy: a Unix socket is not reached through a proxy");
    text_config_expect(TARGET("address: 'tls://h:1', connect_to: 'unix:/s', proxy: gate"),
                       "routes[0].target.proxy: a Unix socket is not reached through a proxy");
    text_config_expect(TARGET("address: 'h:1', proxy: 'https://gate'"), "use http://");
    /* Only the proxy would know the addresses that permit is about. */
    text_config_expect(ROUTE("tokens: {file: t, proxy: 'socks5://gate'}"), "tokens.proxy: ");
}

static void requires_a_path_for_tokens(void **state)
{
    text_config_expect("listeners: [\":1\"]\nroutes: [{path: /a/*, tokens: {file: t, from: path}}]",
                       "");
    text_config_expect(ROUTE("tokens: {file: t, from: path}"),
                       "routes[0].tokens.from: the route's path has no /* for the token");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_tls_options_without_tls),
        cmocka_unit_test(requires_banners_with_probes),
        cmocka_unit_test(refuses_probes_with_captures),
        cmocka_unit_test(refuses_proxies_that_cannot_help),
        cmocka_unit_test(requires_a_path_for_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
