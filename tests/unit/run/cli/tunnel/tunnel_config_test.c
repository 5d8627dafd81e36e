#include "run/cli/tunnel/tunnel_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "lib/tunnel_line.h"
#include "run/cli/tunnel/cli_tunnel.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PIN        "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static struct config *make(enum tunnel_config_kind kind, const char *const *words)
{
    struct tunnel_line line;
    bool usage = true;
    tunnel_line_begin(
        &line, kind == TUNNEL_CONFIG_CONNECT ? &cli_tunnel_connect : &cli_tunnel_forward, words);
    struct config *config = tunnel_config_make(&line.scan, kind, &usage);
    if (!config)
        fail_msg("%s: %s", line.diag.findings[0].option, line.diag.findings[0].message);
    assert_false(usage);
    tunnel_line_end(&line);
    return config;
}

static void refuses(enum tunnel_config_kind kind, const char *const *words, const char *option,
                    const char *message)
{
    struct tunnel_line line;
    bool usage = false;
    tunnel_line_begin(
        &line, kind == TUNNEL_CONFIG_CONNECT ? &cli_tunnel_connect : &cli_tunnel_forward, words);
    assert_null(tunnel_config_make(&line.scan, kind, &usage));
    assert_true(usage);
    assert_true(line.diag.errors > 0);
    assert_string_equal(line.diag.findings[0].option, option);
    if (!strstr(line.diag.findings[0].message, message))
        fail_msg("%s: %s", option, line.diag.findings[0].message);
    tunnel_line_end(&line);
}

static void forwards(void **state)
{
    struct config *config = make(TUNNEL_CONFIG_FORWARD,
                                 WORDS("5432", "wss://gate/db?x=y", "unix:/run/s", "ws+unix:@a:/b",
                                       "[::]:22", "ws://c:8080", "--retry=5s", "--log-level=warn"));
    assert_int_equal(config->listener_count, 3);
    assert_int_equal(config->route_count, 3);
    assert_string_equal(config->listeners[0].address.host, "127.0.0.1");
    assert_int_equal(config->listeners[0].address.port, 5432);
    assert_string_equal(config->listeners[1].address.path, "/run/s");
    assert_string_equal(config->listeners[2].address.host, "::");
    for (size_t i = 0; i < 3; i++) {
        assert_true(config->listeners[i].raw);
        assert_string_equal(config->listeners[i].routes.items[0], config->routes[i].name);
        assert_int_equal(config->routes[i].connect_retry_ms, 5000);
    }
    const struct config_target *target = &config->routes[0].targets[0];
    assert_true(target->tls);
    assert_string_equal(target->address.host, "gate");
    assert_int_equal(target->address.port, 443);
    assert_string_equal(target->ws.path, "/db?x=y");
    assert_string_equal(config->routes[1].targets[0].address.path, "@a");
    assert_int_equal(config->log.level, CONFIG_LOG_WARN);
    config_release(config);
}

static void every_option_of_a_target(void **state)
{
    struct config *config =
        make(TUNNEL_CONFIG_CONNECT,
             WORDS("wss://gate", "--connect-to=10.0.0.1:8443", "--server-name=g", "--pin=" PIN,
                   "--insecure", "--cert=/c", "--key=/k", "-6", "--host=h:1", "--origin=https://o",
                   "--subprotocol=a", "--subprotocol=b", "--eof=close", "--connect-timeout=3s",
                   "--ping-interval=off", "-H", "X-A:  b c ", "-HX-C:d"));
    const struct config_route *route = &config->routes[0];
    const struct config_target *target = &route->targets[0];
    assert_int_equal(config->listeners[0].address.kind, CONFIG_ADDRESS_FD);
    assert_string_equal(target->connect_to.host, "10.0.0.1");
    assert_int_equal(target->connect_to.port, 8443);
    assert_string_equal(target->server_name, "g");
    assert_string_equal(target->pins.items[0], PIN);
    assert_true(target->insecure);
    assert_string_equal(target->certificate, "/c");
    assert_string_equal(target->key, "/k");
    assert_int_equal(target->family, CONFIG_FAMILY_IPV6);
    assert_string_equal(target->ws.host, "h:1");
    assert_string_equal(target->ws.origin, "https://o");
    assert_int_equal(target->ws.subprotocols.count, 2);
    assert_int_equal(target->ws.eof, CONFIG_WS_EOF_CLOSE);
    assert_int_equal(route->connect_timeout_ms, 3000);
    assert_int_equal(route->ping_interval_ms, 0);
    assert_int_equal(target->ws.header_count, 2);
    assert_string_equal(target->ws.headers[0].name, "X-A");
    assert_string_equal(target->ws.headers[0].value, "b c");
    config_release(config);
}

static void secrets_and_fields_from_files(void **state)
{
    char fields[64], secret[64];
    enum config_secret_source origin;
    tunnel_line_file(fields, sizeof(fields), "X-A: b\r\n# none\n\nX-C:d");
    tunnel_line_file(secret, sizeof(secret), "hush\n");
    struct config *config = make(TUNNEL_CONFIG_CONNECT, WORDS("wss://gate", "--header-file", fields,
                                                              "--bearer-file", secret));
    const struct config_ws_target *ws = &config->routes[0].targets[0].ws;
    assert_int_equal(ws->header_count, 2);
    assert_string_equal(ws->headers[0].value, "b");
    assert_string_equal(ws->headers[1].name, "X-C");
    assert_string_equal(ws->headers[1].value, "d");
    assert_string_equal(ws->bearer, "hush");
    assert_string_equal(config_secret_source(config, ws->bearer, &origin), secret);
    const void *cursor = NULL; /* for the sandbox, as a reload reads them again */
    assert_string_equal(config_next_file(config, &cursor), fields);
    assert_string_equal(config_next_file(config, &cursor), secret);
    assert_null(config_next_file(config, &cursor));
    config_release(config);
    config =
        make(TUNNEL_CONFIG_CONNECT, WORDS("wss://gate", "--user=ann", "--password-file", secret));
    assert_string_equal(config->routes[0].targets[0].ws.user, "ann");
    assert_string_equal(config->routes[0].targets[0].ws.password, "hush");
    config_release(config);
    unlink(fields);
    unlink(secret);
}

static void proxies(void **state)
{
    enum config_secret_source origin;
    setenv("https_proxy", "http://ann:hush@gate:3128", 1);
    setenv("no_proxy", "lan", 1);
    struct config *config = make(TUNNEL_CONFIG_FORWARD, WORDS("1", "wss://a", "2", "ws://b", "3",
                                                              "wss://c.lan", "4", "ws+unix:@a"));
    const char *proxy = config->routes[0].targets[0].proxy;
    assert_string_equal(proxy, "http://ann:hush@gate:3128");
    assert_string_equal(config_secret_source(config, proxy, &origin), "${https_proxy}");
    for (size_t i = 1; i < 4; i++)
        assert_null(config->routes[i].targets[0].proxy);
    config_release(config);
    config = make(TUNNEL_CONFIG_CONNECT, WORDS("wss://a", "--proxy=none"));
    assert_null(config->routes[0].targets[0].proxy);
    config_release(config);
    config = make(TUNNEL_CONFIG_CONNECT, WORDS("wss://a", "--connect-to=unix:/run/gate"));
    assert_null(config->routes[0].targets[0].proxy);
    config_release(config);
    config = make(TUNNEL_CONFIG_CONNECT, WORDS("ws://a", "--proxy=socks5://gate"));
    assert_string_equal(config->routes[0].targets[0].proxy, "socks5://gate");
    config_release(config);
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("wss://a", "--proxy=ftp://x"), "--proxy", "must be");
    setenv("https_proxy", "ftp://x", 1);
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("wss://a"), "https_proxy", "must be");
    unsetenv("https_proxy");
    unsetenv("no_proxy");
}

static void relative_paths(void **state)
{
    char here[4096], expected[4200];
    assert_int_equal(chdir("/tmp"), 0);
    assert_non_null(getcwd(here, sizeof(here)));
    struct config *config =
        make(TUNNEL_CONFIG_FORWARD, WORDS("unix:s", "wss://gate", "--ca=ca.pem"));
    snprintf(expected, sizeof(expected), "%s/ca.pem", here);
    assert_string_equal(config->routes[0].targets[0].ca, expected);
    snprintf(expected, sizeof(expected), "%s/s", here);
    assert_string_equal(config->listeners[0].address.path, expected);
    config_release(config);
}

static void refusals(void **state)
{
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("https://gate"), "URL", "http is not WebSocket");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("http://gate"), "URL", "http is not WebSocket");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("ws://a", "--eof=x"), "--eof",
            "half-close, close or wait");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("gate:22"), "URL", "must be ws://HOST/PATH");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("wss://a:b@gate"), "URL", "must not have a user name");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("ws://a/{b}"), "URL", "must have a fixed path");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("ws://{a}/b"), "URL", "must have a fixed path and host");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("ws://a", "--ca=x"), "--ca", "no effect without TLS");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("wss://a", "--key=x"), "--key", "needs its certificate");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("wss://a", "-46"), "--ipv4", "there is --ipv6");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("wss://a", "--pin=x"), "--pin", "must be sha256//");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("wss://a", "-H", "X"), "--header", "has no name");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("wss://a", "-H", ": x"), "--header", "has no name");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("wss://a", "-H", "A: b\r\nC: d"), "--header", "control");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("wss://a", "-H", "A B: b"), "--header", "without spaces");
    refuses(TUNNEL_CONFIG_CONNECT, WORDS("wss://a", "-H", "Upgrade: b"), "--header",
            "sets this field");
    refuses(TUNNEL_CONFIG_FORWARD, WORDS("x", "wss://a"), "x", "the port must be a number");
    refuses(TUNNEL_CONFIG_FORWARD, WORDS("5432", "wss://a", "99999", "wss://b"), "99999",
            "the port must be a number from 0 to 65535");
    refuses(TUNNEL_CONFIG_FORWARD, WORDS("", "wss://a"), "[BIND:]PORT|unix:PATH", "must be");
    refuses(TUNNEL_CONFIG_FORWARD, WORDS("1", "wss://a", "1", "wss://b"), "PORT", "same");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forwards),
        cmocka_unit_test(every_option_of_a_target),
        cmocka_unit_test(relative_paths),
        cmocka_unit_test(proxies),
        cmocka_unit_test(secrets_and_fields_from_files),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
