/* URLs of forward proxies: their parts, and what is refused. */
#include "config/model/section/config_proxy.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_proxy(const char *text, enum config_proxy_kind kind, const char *host,
                         unsigned port, const char *user, const char *password)
{
    struct config_proxy proxy;
    const char *fault = config_proxy_parse(text, &proxy);
    if (fault)
        fail_msg("%s %s", text, fault);
    assert_int_equal(proxy.kind, kind);
    assert_string_equal(proxy.at.host, host);
    assert_int_equal(proxy.at.port, port);
    assert_true(string_equal(proxy.at.user, user));
    assert_true(string_equal(proxy.at.password, password));
    assert_null(config_proxy_check(text));
    assert_int_equal(config_proxy_is_public(text), !password || !password[0]);
}

static void test_reads_urls(void **state)
{
    const enum config_proxy_kind http = CONFIG_PROXY_KIND_HTTP, socks = CONFIG_PROXY_KIND_SOCKS5;
    assert_proxy("http://gate:3128", http, "gate", 3128, NULL, NULL);
    assert_proxy("http://gate", http, "gate", 1080, NULL, NULL);
    assert_proxy("HTTP://gate:3128/", http, "gate", 3128, NULL, NULL);
    assert_proxy("gate:3128", http, "gate", 3128, NULL, NULL);
    assert_proxy("me:secret@gate:3128", http, "gate", 3128, "me", "secret");
    assert_proxy("http://me@[::1]:8080", http, "::1", 8080, "me", "");
    assert_proxy("socks5://10.0.0.1", socks, "10.0.0.1", 1080, NULL, NULL);
    assert_proxy("socks5h://me:p%40ss@gate:9050/", socks, "gate", 9050, "me", "p@ss");
    assert_proxy("socks5://a%3Ab:c@gate", socks, "gate", 1080, "a:b", "c");
}

static void assert_fault(const char *text, const char *phrase)
{
    const char *fault = config_proxy_check(text);
    if (!fault || !strstr(fault, phrase))
        fail_msg("%s: %s", text, fault);
    assert_false(config_proxy_is_public(text));
}

static void test_refuses_others(void **state)
{
    assert_fault("", "must be http://");
    assert_fault("http://", "must be http://");
    assert_fault("ftp://gate:21", "must be http://");
    assert_fault("unix:/run/proxy", "no valid port");
    assert_fault("http://gate:0", "no valid port");
    assert_fault("http://gate:3128/path", "has a path");
    assert_fault("http://gate:3128//", "has a path");
    assert_fault("https://gate:3128", "use http://");
    assert_fault("socks4://gate", "use socks5://");
    assert_fault("socks4a://gate", "use socks5://");
    assert_fault("http://:secret@gate", "without a user");
    assert_fault("http://a%3Ab:c@gate", "a user with a ':'");
    assert_fault("http://me:%0a@gate", "control character");
    assert_fault("socks5://m%7fe@gate", "control character");
    assert_fault("http://me:%zz@gate", "invalid escape");
}

/* RFC 1929 has a byte for each length. */
static void test_has_limits(void **state)
{
    char text[CONFIG_PROXY_URL_MAX + 2];
    struct config_proxy proxy;
    memset(text, 'x', sizeof(text));
    memcpy(text, "http://x:", 9);
    memcpy(text + CONFIG_PROXY_URL_MAX - 2, "@h", 3);
    assert_null(config_proxy_parse(text, &proxy));
    assert_int_equal(strlen(proxy.at.password), CONFIG_PROXY_URL_MAX - 11);
    memcpy(text + CONFIG_PROXY_URL_MAX - 2, "x@h", 4);
    assert_fault(text, "too long");
    memset(text, 'x', sizeof(text));
    memcpy(text, "socks5://", 9);
    memcpy(text + 9 + 255, "@h", 3);
    assert_null(config_proxy_check(text));
    memcpy(text + 9 + 255, "x@h", 4);
    assert_fault(text, "more than 255");
    memset(text, 'x', sizeof(text));
    memcpy(text, "socks5://x:", 11);
    memcpy(text + 11 + 255, "@h", 3);
    assert_null(config_proxy_check(text));
    memcpy(text + 11 + 255, "x@h", 4);
    assert_fault(text, "more than 255");
}

static void test_nothing_is_left(void **state)
{
    static const struct config_proxy zero;
    struct config_proxy proxy;
    assert_null(config_proxy_parse("http://me:secret@gate", &proxy));
    config_proxy_wipe(&proxy);
    assert_memory_equal(&proxy, &zero, sizeof(zero));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_urls),
        cmocka_unit_test(test_refuses_others),
        cmocka_unit_test(test_has_limits),
        cmocka_unit_test(test_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
