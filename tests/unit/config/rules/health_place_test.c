#include "config/rules/health_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/rules/admin.h"
#include "lib/text_config.h"

static struct text_config loaded;
static struct local_place place;
static char why[300];

static void load(const char *listeners, const char *routes)
{
    char text[2000];
    snprintf(text, sizeof(text),
             "admin: /run/a\ntrusted_proxies: [10.0.0.0/8]\nlisteners:\n%sroutes:\n%s", listeners,
             routes);
    text_config_load(&loaded, text);
    assert_true(admin_attach(loaded.config));
}

/* The paths of the routes that decide, each with a space behind it. */
static void expect_routes(const char *routes, const char *expected)
{
    char paths[200] = "";
    size_t cursor = 0, used = 0;
    load("- ':1'\n", routes);
    const struct config_route *route;
    while ((route = health_place_next(loaded.config, &cursor)))
        used += (size_t)snprintf(paths + used, sizeof(paths) - used, "%s ", route->path);
    assert_string_equal(paths, expected);
    text_config_free(&loaded);
}

#define BRIDGE "- {path: /, target: 'tcp://h:1'}\n"
#define LIVE   "- {path: /live, health: live}\n"
#define READY  "- {path: /ready, health: ready}\n"
#define NEEDS  "- {path: /n1, health: ready, needs: [/]}\n- {path: /n2, health: ready, needs: [/]}\n"

static void test_which_routes_decide(void **state)
{
    expect_routes(BRIDGE, "");
    expect_routes(BRIDGE LIVE, "/live ");
    expect_routes(BRIDGE LIVE READY, "/ready ");
    expect_routes(BRIDGE LIVE READY NEEDS, "/n1 /n2 ");
}

static bool find(const char *listeners, const char *route)
{
    char routes[400];
    size_t cursor = 0;
    snprintf(routes, sizeof(routes), BRIDGE "- {%s, health: ready}\n", route);
    load(listeners, routes);
    const struct config_route *ready = health_place_next(loaded.config, &cursor);
    assert_non_null(ready);
    return health_place_find(loaded.config, ready, &place, why, sizeof(why));
}

static void finds(const char *listeners, const char *route, const char *address, const char *target,
                  const char *host)
{
    char text[200];
    if (!find(listeners, route))
        fail_msg("%s: %s", listeners, why);
    assert_string_equal(config_address_print(&place.address, text, sizeof(text)), address);
    assert_string_equal(place.target, target);
    assert_string_equal(place.host, host);
    text_config_free(&loaded);
}

static void fails(const char *listeners, const char *route, const char *words)
{
    assert_false(find(listeners, route));
    if (!strstr(why, words))
        fail_msg("expected \"%s\" in: %s", words, why);
    text_config_free(&loaded);
}

#define TLS "tls: {certificates: [/c.pem], mode: "

static void test_where_a_route_is_asked(void **state)
{
    finds("- ':80'\n", "path: /ready", "127.0.0.1:80", "/ready", "");
    finds("- '0.0.0.0:80'\n", "path: /ready", "127.0.0.1:80", "/ready", "");
    finds("- '[::]:80'\n", "path: /ready", "[::1]:80", "/ready", "");
    finds("- '192.0.2.1:80'\n", "path: /ready/*", "192.0.2.1:80", "/ready/", "");
    finds("- 'unix:/run/s'\n", "path: /ready", "unix:/run/s", "/ready", "");
    finds("- {address: ':80', base_path: /desk}\n", "path: '/a@b'", "127.0.0.1:80", "/desk/a%40b",
          "");
    finds("- ':80'\n", "path: /r, host: h.test", "127.0.0.1:80", "/r", "h.test");
    finds("- ':80'\n", "path: /r, host: '*.h.test'", "127.0.0.1:80", "/r", "any.h.test");
    finds("- {address: ':80', " TLS "optional}}\n", "path: /r", "127.0.0.1:80", "/r", "");
    finds("- {address: ':81', " TLS "required}}\n- ':82'\n", "path: /r", "127.0.0.1:82", "/r", "");
}

static void test_what_cannot_be_asked(void **state)
{
    fails("- {address: ':80', " TLS "required}}\n", "path: /r",
          "the health route /r cannot be asked: listener *:80 speaks TLS only");
    fails("- {address: ':80', proxy_protocol: require}\n", "path: /r", "expects a PROXY header");
    fails("- ':0'\n", "path: /r", "gets its port at the start");
    fails("- 'fd:3'\n", "path: /r", "is a socket that the process was started with");
    fails("- {address: ':80', routes: [other]}\n- {address: ':81', routes: [other]}\n",
          "path: /r, name: alone, health: ready}\n- {path: /o, name: other",
          "no listener serves the health route /r");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_routes_decide),
        cmocka_unit_test(test_where_a_route_is_asked),
        cmocka_unit_test(test_what_cannot_be_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
