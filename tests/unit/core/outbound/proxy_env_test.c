/* Which variable names the proxy, and which hosts need none: as curl decides. */
#include "core/outbound/proxy_env.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* "NAME=VALUE", up to a NULL. */
static const char *get(void *owner, const char *name)
{
    const char *const *environment = owner;
    size_t length = strlen(name);
    for (; *environment; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return *environment + length + 1;
    return NULL;
}

#define ENVIRONMENT(...) ((const char *[]){__VA_ARGS__, NULL})

static void assert_found(bool tls, const char **environment, const char *wanted,
                         const char *wanted_name)
{
    const char *name = NULL;
    const char *value = proxy_env_find(tls, "desk.example.com", get, environment, &name);
    if (!string_equal(value, wanted))
        fail_msg("%s instead of %s", value, wanted);
    if (wanted)
        assert_string_equal(name, wanted_name);
}

static void test_variables_in_order(void **state)
{
    static const char *const all[] = {"ws_proxy=1",    "WS_PROXY=2",    "http_proxy=3",
                                      "wss_proxy=4",   "WSS_PROXY=5",   "https_proxy=6",
                                      "HTTPS_PROXY=7", "all_proxy=8",   "ALL_PROXY=9",
                                      "HTTP_PROXY=0",  "socks_proxy=0", NULL};
    static const struct {
        bool tls;
        const char *order;
    } orders[] = {{false, "12389"}, {true, "456789"}};
    for (size_t i = 0; i < WSL_COUNT(orders); i++) {
        const char *left[WSL_COUNT(all)];
        memcpy(left, all, sizeof(all));
        for (const char *next = orders[i].order; *next; next++) {
            const char *name;
            const char *value = proxy_env_find(orders[i].tls, "desk.example.com", get, left, &name);
            assert_non_null(value);
            assert_int_equal(value[0], *next);
            assert_ptr_equal(value, get(left, name));
            for (const char **entry = left; *entry; entry++)
                if (*entry + strlen(name) + 1 == value)
                    *entry = "gone=";
        }
        const char *name;
        assert_null(proxy_env_find(orders[i].tls, "desk.example.com", get, left, &name));
    }
}

static void test_an_empty_one_means_none(void **state)
{
    assert_found(true, ENVIRONMENT("https_proxy=", "all_proxy=gate"), NULL, NULL);
    assert_found(true, ENVIRONMENT("http_proxy=gate"), NULL, NULL);
    assert_found(false, ENVIRONMENT("HTTP_PROXY=gate"), NULL, NULL);
    assert_found(false, ENVIRONMENT("https_proxy=gate"), NULL, NULL);
}

static void test_the_list_counts_for_each(void **state)
{
    assert_found(true, ENVIRONMENT("https_proxy=gate", "no_proxy=example.com"), NULL, NULL);
    assert_found(true, ENVIRONMENT("all_proxy=gate", "NO_PROXY=example.com"), NULL, NULL);
    assert_found(true, ENVIRONMENT("https_proxy=gate", "no_proxy=example.org"), "gate",
                 "https_proxy");
    /* The first one that is set, even if it is empty. */
    assert_found(true, ENVIRONMENT("https_proxy=gate", "no_proxy=", "NO_PROXY=*"), "gate",
                 "https_proxy");
}

static void assert_excluded(const char *list, const char *host, bool wanted)
{
    if (proxy_env_excludes(list, host) != wanted)
        fail_msg("%s %s %s", list, wanted ? "does not have" : "has", host);
}

static void test_names(void **state)
{
    assert_excluded("example.com", "example.com", true);
    assert_excluded("example.com", "Example.COM", true);
    assert_excluded("example.com", "example.com.", true);
    assert_excluded("example.com.", "example.com", true);
    assert_excluded(".example.com", "example.com", true);
    assert_excluded("example.com", "a.b.example.com", true);
    assert_excluded(".example.com", "a.b.example.com", true);
    assert_excluded("example.com", "notexample.com", false);
    assert_excluded("a.example.com", "example.com", false);
    assert_excluded("example.com", "example.com.org", false);
    assert_excluded("example.com:80", "example.com", false);
    assert_excluded("*.example.com", "a.example.com", false);
    assert_excluded(".", "example.com", false);
    assert_excluded("..", "example.com", false);
    assert_excluded("localhost", "localhost", true);
}

static void test_lists(void **state)
{
    assert_excluded("*", "example.com", true);
    assert_excluded("*", "10.0.0.1", true);
    assert_excluded("a, *", "example.com", false);
    assert_excluded("", "example.com", false);
    assert_excluded(", ,", "example.com", false);
    assert_excluded("a,b,example.com", "example.com", true);
    assert_excluded("a b\texample.com", "example.com", true);
    assert_excluded(" , a ,, example.com ,", "example.com", true);
}

static void test_addresses(void **state)
{
    assert_excluded("10.0.0.1", "10.0.0.1", true);
    assert_excluded("10.0.0.1", "10.0.0.2", false);
    assert_excluded("0.0.1", "10.0.0.1", false);
    assert_excluded("a,10.0.0.0/8", "10.1.2.3", true);
    assert_excluded("10.1.2.3/8", "10.9.9.9", true);
    assert_excluded("10.0.0.0/8", "11.1.2.3", false);
    assert_excluded("192.168.0.0/23", "192.168.1.255", true);
    assert_excluded("192.168.0.0/23", "192.168.2.0", false);
    assert_excluded("10.0.0.0/33", "10.0.0.0", false);
    assert_excluded("10.0.0.0/x", "10.0.0.0", false);
    assert_excluded("10.0.0.0/", "10.0.0.0", false);
    assert_excluded("0.0.0.0/0", "10.0.0.1", true);
    assert_excluded("0.0.0.0/0", "::1", false);
    assert_excluded("::1", "::1", true);
    assert_excluded("0:0::1", "::1", true);
    assert_excluded("fd00::/8", "fdff::1", true);
    assert_excluded("fd00::/8", "fe80::1", false);
    assert_excluded("::/0", "10.0.0.1", false);
    assert_excluded("10.0.0.0/8", "10.example.com", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variables_in_order),
        cmocka_unit_test(test_an_empty_one_means_none),
        cmocka_unit_test(test_the_list_counts_for_each),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
