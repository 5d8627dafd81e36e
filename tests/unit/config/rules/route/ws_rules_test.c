#include "config/rules/route/ws_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/text_config.h"

#define ROUTE(text)  "listeners: [\":1\"]\nroutes: [{path: /a, " text "}]\n"
#define TARGET(text) ROUTE("target: {" text "}")
#define WSS(text)    TARGET("address: 'wss://h/a', websocket: {" text "}")

static void accepts(void **state)
{
    text_config_expect(ROUTE("target: 'ws://127.0.0.1/a?b'"), "");
    text_config_expect(WSS("user: ann, password: x, headers: {X-A: b}"), "");
    text_config_expect(WSS("eof: wait"), "");
    text_config_expect(WSS("bearer: x, subprotocols: [a, b], eof: close, origin: 'https://a'"), "");
    text_config_expect("listeners: [\":1\"]\nroutes: [{path: '/{a}', captures: {a: 'x[0-9]'},"
                       "target: 'wss://{a}.i/{a}'}]\n",
                       "");
}

static void refuses_options_of_others(void **state)
{
    text_config_expect(TARGET("address: 'h:1', websocket: {bearer: x}"),
                       "routes[0].target.websocket.bearer: the target speaks no WebSocket; write");
    text_config_expect(TARGET("address: 'h:1', websocket: {headers: {X-A: b}}"),
                       "routes[0].target.websocket.headers: the target speaks no WebSocket");
    text_config_expect(TARGET("address: 'h:1', websocket: {eof: close}"),
                       "routes[0].target.websocket.eof: the target speaks no WebSocket");
    text_config_expect(TARGET("address: 'ws://h', pins: "
                              "['sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=']"),
                       "routes[0].target.pins: has no effect without TLS; write the address as "
                       "wss://");
}

static void refuses_two_ways_to_say_it(void **state)
{
    text_config_expect(TARGET("address: 'wss://h', tls: true"),
                       "routes[0].target.tls: the address in line 2 says ws: or wss: already");
    text_config_expect(WSS("user: ann"), "websocket.user: a user needs its password");
    text_config_expect(WSS("password: x"), "websocket.password: a password needs its user");
    text_config_expect(WSS("user: a, password: x, bearer: y"),
                       "websocket.bearer: user and password are set as well");
    text_config_expect(WSS("headers: {host: a}"),
                       "websocket.headers: host: wsluice sets this field itself; set host instead");
    text_config_expect(WSS("headers: {Sec-WebSocket-Key: a}"),
                       "Sec-WebSocket-Key: wsluice sets this field itself; remove it");
    text_config_expect(WSS("headers: {Sec-WebSocket-Protocol: a}"), "set subprotocols instead");
    text_config_expect(WSS("bearer: x, headers: {authorization: y}"),
                       "websocket.headers: authorization: bearer sets this field, too");
    text_config_expect(WSS("headers: {X-A: a, TE: trailers}"),
                       "websocket.headers: TE: wsluice sets this field itself; remove it");
    text_config_expect(WSS("headers: {User-Agent: a, X-A: b, user-agent: c}"),
                       "websocket.headers: user-agent: the field is set twice; keep one of them");
    text_config_expect(WSS("headers: {Authorization: a, authorization: b}"),
                       "websocket.headers: authorization: the field is set twice");
    text_config_expect(WSS("headers: {X-A: a, x-a: b}"), "");
    text_config_expect(WSS("subprotocols: [a, b, a]"),
                       "websocket.subprotocols: a is offered twice; keep one of them");
}

static void refuses_too_many_subprotocols(void **state)
{
    char text[512] = "n0";
    for (size_t i = 1, length = 2; i < CONFIG_WS_SUBPROTOCOLS_MAX + 1; i++) {
        char whole[600];
        length += (size_t)snprintf(text + length, sizeof(text) - length, ", n%zu", i);
        snprintf(whole, sizeof(whole), WSS("subprotocols: [%s]"), text);
        text_config_expect(whole, i < CONFIG_WS_SUBPROTOCOLS_MAX
                                      ? ""
                                      : "websocket.subprotocols: there are more than 32");
    }
}

/* An option of the section, which ends with `length` letters. */
static void expect_with(const char *option, int length, const char *finding)
{
    static char letters[2 * CONFIG_WS_REQUEST_MAX], text[sizeof(letters) + 512];
    memset(letters, 'x', sizeof(letters));
    letters[length] = '\0';
    snprintf(text, sizeof(text), WSS("%s%s%s"), option, letters, strchr(option, '{') ? "}" : "");
    text_config_expect(text, finding);
}

static void refuses_a_request_that_is_too_long(void **state)
{
    const int most = CONFIG_WS_REQUEST_MAX - CONFIG_WS_REQUEST_OWN - 100;
    expect_with("bearer: ", most, "");
    expect_with("bearer: ", most + 100,
                "routes[0].target.websocket.bearer: with it, the request is longer than 16 KiB");
    expect_with("headers: {X-A: ", most, "");
    expect_with("headers: {X-A: ", most + 100,
                "target.websocket.headers: with it, the request is longer than 16 KiB");
    expect_with("user: ann, password: ", CONFIG_WS_LOGIN_MAX - 4, "");
    expect_with("user: ann, password: ", CONFIG_WS_LOGIN_MAX - 3,
                "target.websocket.password: user and password have more than 1023 bytes");
}

static void refuses_what_makes_no_sense(void **state)
{
    text_config_expect(ROUTE("expect: ssh, target: 'ws://h'"),
                       "routes[0].expect: the route's targets speak WebSocket");
    text_config_expect(TARGET("address: 'ws://h', probe: banner, banner: SSH"),
                       "routes[0].target.probe: a target that speaks WebSocket sends no banner");
    text_config_expect(ROUTE("targets: ['ws://h', 'h:1']"),
                       "routes[0].targets[1].address: some targets of the route speak WebSocket");
    text_config_expect(ROUTE("target: 'ws://h/{b}'"),
                       "routes[0].target.address: the path has no {b}");
}

static void connects_to_another_address(void **state)
{
    text_config_expect(TARGET("address: 'wss://h', connect_to: '10.0.0.1:1', family: ipv4"), "");
    text_config_expect(TARGET("address: 'tls://h:1', connect_to: 'unix:/s'"), "");
    text_config_expect(
        TARGET("address: 'h:1', connect_to: 'i:1'"),
        "target.connect_to: a target without TLS and WebSocket is not told its name");
    text_config_expect(TARGET("address: 'wss://h', connect_to: '{a}:1'"),
                       "target.connect_to: must not contain {NAME}s");
    text_config_expect(TARGET("address: 'ws+unix:/s', family: ipv6"),
                       "target.family: a Unix socket has no IP address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses_options_of_others),
        cmocka_unit_test(refuses_two_ways_to_say_it),
        cmocka_unit_test(refuses_too_many_subprotocols),
        cmocka_unit_test(refuses_a_request_that_is_too_long),
        cmocka_unit_test(refuses_what_makes_no_sense),
        cmocka_unit_test(connects_to_another_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
