/* How many descriptors a connection may need, and that all reserves fit the limit. */
#include "core/resources/descriptors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { USERS, OPERATORS, ADMIN, LISTENERS };
enum { DESK, LIVE, METRICS, SOCKET, ROUTES };

/* ":443" for users, "9090" and the admin socket for operators. */
struct fixture {
    struct config config;
    struct config_listener listeners[LISTENERS];
    struct config_route routes[ROUTES];
    struct config_target target;
};

static const char *const ops_names[] = {"ops"}, *const admin_names[] = {"admin socket"};

static void prepare(struct fixture *it)
{
    *it = (struct fixture){
        .config = {.listener_count = LISTENERS, .route_count = ROUTES},
        .listeners = {[OPERATORS] = {.routes = {ops_names, 1}},
                      [ADMIN] = {.routes = {admin_names, 1}, .admin = true}},
        .routes = {[DESK] = {.path = "/*", .target_count = 1},
                   [LIVE] = {.name = "ops",
                             .path = "/livez",
                             .kind = CONFIG_KIND_HEALTH,
                             .health = CONFIG_HEALTH_LIVE},
                   [METRICS] = {.name = "ops", .path = "/metrics", .kind = CONFIG_KIND_METRICS},
                   [SOCKET] = {.name = "admin socket", .path = "/*", .kind = CONFIG_KIND_STATUS}},
    };
    it->config.listeners = it->listeners;
    it->config.routes = it->routes;
    it->routes[DESK].targets = &it->target;
}

static void test_descriptors_of_a_connection(void **unused)
{
    struct fixture it;
    prepare(&it);
    assert_int_equal(descriptors_listener(&it.config, USERS).connection, 2); /* and its target */
    assert_int_equal(descriptors_listener(&it.config, OPERATORS).connection, 1);
    it.routes[DESK].record = "rec";
    assert_int_equal(descriptors_listener(&it.config, USERS).connection, 3);
    it.routes[DESK] =
        (struct config_route){.path = "/*", .kind = CONFIG_KIND_FILES, .files = {.root = "/srv"}};
    assert_int_equal(descriptors_listener(&it.config, USERS).connection, 2); /* and its file */
    it.routes[DESK].kind = CONFIG_KIND_REDIRECT;
    it.routes[DESK].files.root = NULL;
    assert_int_equal(descriptors_listener(&it.config, USERS).connection, 1);
    assert_false(descriptors_listener(&it.config, USERS).operators);
}

/* Each worker keeps some connections to a service that it asks. */
static void test_services(void **unused)
{
    static struct config_auth auth[2] = {{.header.name = "X"}, {.forward.url = "http://b/"}};
    const struct descriptors_host host = {.limit = 10000, .workers = 3, .pool_threads = 4};
    struct fixture it;
    prepare(&it);
    uint64_t before = descriptors_plan(&it.config, &host).process;
    it.routes[DESK].tokens.http.url = "http://a/{token}";
    assert_int_equal(descriptors_plan(&it.config, &host).process, before + 12);
    it.routes[DESK].auth.methods = auth;
    it.routes[DESK].auth.count = 2;
    assert_int_equal(descriptors_plan(&it.config, &host).process, before + 24);
    it.routes[DESK].tokens = (struct config_tokens){.redis.url = "redis://a"};
    it.routes[DESK].auth.count = 0;
    assert_int_equal(descriptors_plan(&it.config, &host).process, before + 12);
    auth[0].ticket.key.url = "https://id/jwks";
    it.routes[DESK].auth.count = 1;
    assert_int_equal(descriptors_plan(&it.config, &host).process, before + 24);
    it.routes[DESK].auth.count = 0;
    auth[0].ticket.key.url = NULL;
    it.listeners[USERS].auth = (struct config_auth_set){.methods = auth, .count = 2};
    assert_int_equal(descriptors_plan(&it.config, &host).process, before + 24);
}

static void test_listeners_of_operators(void **unused)
{
    struct fixture it;
    prepare(&it);
    assert_false(descriptors_listener(&it.config, USERS).operators);
    assert_true(descriptors_listener(&it.config, OPERATORS).operators);
    assert_true(descriptors_listener(&it.config, ADMIN).operators);
    assert_int_equal(descriptors_listener(&it.config, USERS).connections, 0);
    assert_int_equal(descriptors_listener(&it.config, OPERATORS).connections, 64);
    it.listeners[OPERATORS].max_connections = 5;
    assert_int_equal(descriptors_listener(&it.config, OPERATORS).connections, 5);
    it.config.route_count = LIVE; /* nothing is left for it */
    assert_false(descriptors_listener(&it.config, OPERATORS).operators);
    prepare(&it);
    it.routes[DESK].name = "ops";
    assert_false(descriptors_listener(&it.config, OPERATORS).operators);
}

static void test_liveness_among_clients(void **unused)
{
    struct fixture it;
    prepare(&it);
    assert_false(descriptors_listener(&it.config, USERS).over_limit);
    assert_false(descriptors_listener(&it.config, OPERATORS).over_limit);
    it.listeners[OPERATORS].routes.count = 0;
    assert_true(descriptors_listener(&it.config, USERS).over_limit);
    it.listeners[USERS].tls.mode = CONFIG_TLS_OPTIONAL;
    assert_true(descriptors_listener(&it.config, USERS).over_limit);
    it.listeners[USERS].tls.mode = CONFIG_TLS_REQUIRED;
    assert_false(descriptors_listener(&it.config, USERS).over_limit);
}

static uint64_t sum(const struct descriptors_plan *plan)
{
    return plan->process + plan->work + plan->lookups + plan->attempts + plan->operators +
           plan->over_limit + plan->clients;
}

static void test_all_reserves_fit_the_limit(void **unused)
{
    struct fixture it;
    prepare(&it);
    for (uint64_t limit = 0; limit < 4096; limit++) {
        const struct descriptors_host host = {limit, 2, 16, 0};
        struct descriptors_plan plan = descriptors_plan(&it.config, &host);
        assert_true(plan.clients >= 2); /* one is admitted under any limit */
        if (limit > plan.process + 16)
            assert_true(sum(&plan) <= limit);
        assert_true(plan.operators_each >= 1);
        assert_int_equal(plan.attempts % host.workers, 0);
    }
}

static void test_a_high_limit(void **unused)
{
    struct fixture it;
    const struct descriptors_host host = {65536, 4, 16, 0};
    prepare(&it);
    struct descriptors_plan plan = descriptors_plan(&it.config, &host), more;
    assert_int_equal(sum(&plan), host.limit);
    assert_int_equal(plan.operators, 128);
    assert_int_equal(plan.over_limit, 0);
    assert_int_equal(plan.attempts, 512);
    assert_int_equal(descriptors_attempts(&host), 128);
    /* Folders stay open, twice over while a reload goes on; a probe is a connection. */
    it.routes[DESK].files.root = "/srv";
    it.routes[DESK].tokens.file = "/tokens";
    it.target.probe = CONFIG_PROBE_CONNECT;
    more = descriptors_plan(&it.config, &host);
    assert_int_equal(more.process, plan.process + 2 + 1 + DESCRIPTORS_PROBE_ATTEMPTS);
    assert_int_equal(more.work, plan.work + 2);
    it.listeners[OPERATORS].max_connections = 1000;
    it.listeners[OPERATORS].routes.count = 0;
    more = descriptors_plan(&it.config, &host);
    assert_int_equal(more.over_limit, 16);
    assert_int_equal(more.operators, 64); /* the admin socket's alone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptors_of_a_connection),
        cmocka_unit_test(test_services),
        cmocka_unit_test(test_listeners_of_operators),
        cmocka_unit_test(test_liveness_among_clients),
        cmocka_unit_test(test_all_reserves_fit_the_limit),
        cmocka_unit_test(test_a_high_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
