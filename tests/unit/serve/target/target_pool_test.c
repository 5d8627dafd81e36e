#include "serve/target/target_pool.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

#include "config/model/section/config_proxy.h"
#include "lib/failing_alloc.h"
#include "net/tls/context/tls_store.h"

#define PORTS 4

/* A configuration of one route per array of targets. */
struct world {
    struct config config;
    struct config_route routes[3];
    struct config_target targets[3][PORTS];
};

static struct config_target target_of(const char *host, uint16_t port)
{
    return (struct config_target){
        .address = {.kind = CONFIG_ADDRESS_TCP, .host = host, .port = port}};
}

/* Route 0: ports 1 to 4; route 1: port 2 alone; route 2: a captured host and a Unix socket. */
static void make(struct world *world)
{
    *world = (struct world){.config = {.routes = world->routes, .route_count = 3}};
    for (uint16_t i = 0; i < PORTS; i++)
        world->targets[0][i] = target_of("127.0.0.1", (uint16_t)(i + 1));
    world->targets[1][0] = target_of("127.0.0.1", 2);
    world->targets[2][0] = target_of("{name}.desks", 5900);
    world->targets[2][1] =
        (struct config_target){.address = {.kind = CONFIG_ADDRESS_UNIX, .path = "/run/desk"}};
    static const size_t counts[] = {PORTS, 1, 2};
    for (size_t i = 0; i < 3; i++)
        world->routes[i] = (struct config_route){
            .targets = world->targets[i],
            .target_count = counts[i],
            .balance = CONFIG_BALANCE_ROUND_ROBIN,
            .fail_after = 2,
            .retry_down_ms = 1000,
            .connect_timeout_ms = 5000,
        };
    world->routes[2].capture_count = 1;
}

static struct target_pool *open_pool(const struct world *world, const struct target_pool *previous)
{
    char error[256];
    struct target_pool *pool =
        target_pool_create(&world->config, previous, NULL, error, sizeof(error));
    assert_non_null(pool);
    return pool;
}

static void fail_twice(struct pool_target *target, uint64_t now)
{
    target_pool_note(target, BALANCE_FAILED, now);
    target_pool_note(target, BALANCE_FAILED, now);
}

/* ---- sharing between routes and over reloads ---- */

/* The targets of tokens are not known in advance: together they have a name of their own. */
static void test_tokens_have_a_target_that_varies(void **unused)
{
    struct world world;
    struct target_pool_choice choice;
    char name[64];
    make(&world);
    world.routes[1] = (struct config_route){.fail_after = 1, .retry_down_ms = 1000};
    world.routes[1].tokens.file = "/etc/wsluice/tokens";
    struct target_pool *pool = open_pool(&world, NULL);
    struct pool_target *target = target_pool_target(pool, &world.routes[1], 0);
    target_pool_pick(pool, &world.routes[1], 0, &choice);
    assert_int_equal(choice.count, 1);
    assert_ptr_equal(target->config, &world.routes[1].tokens.target);
    assert_string_equal(target_pool_target_name(target, name, sizeof(name)), "tokens");
    assert_string_equal(
        target_pool_target_name(target_pool_target(pool, &world.routes[0], 0), name, sizeof(name)),
        "127.0.0.1:1");
    fail_twice(target, 0);
    assert_true(target_pool_has_usable(pool, &world.routes[1], 0));
    struct target_pool *next = open_pool(&world, pool);
    assert_ptr_equal(target_pool_target(next, &world.routes[1], 0)->state, target->state);
    target_pool_free(next);
    target_pool_free(pool);
}

static void assert_counts(const struct target_pool *pool, uint64_t now, size_t down, size_t trial)
{
    struct target_pool_counts counts = target_pool_count(pool, now);
    assert_int_equal(counts.targets, 6);
    assert_int_equal(counts.down, down);
    assert_int_equal(counts.on_trial, trial);
}

static void test_failures_of_sessions_and_probes_are_counted(void **unused)
{
    struct world world;
    make(&world);
    struct target_pool *pool = open_pool(&world, NULL);
    struct pool_target *first = target_pool_target(pool, &world.routes[0], 0);
    struct pool_target *second = target_pool_target(pool, &world.routes[0], 1);
    assert_counts(pool, 100, 0, 0);
    fail_twice(first, 100);
    assert_counts(pool, 100, 1, 0);
    assert_counts(pool, 100 + world.routes[0].retry_down_ms, 0, 1);
    assert_int_equal(target_pool_count_probe(first, false), 1);
    assert_int_equal(target_pool_count_probe(first, false), 2);
    assert_int_equal(target_pool_target_failures(first), 4);
    target_pool_note(second, BALANCE_PROBE_DOWN, 100);
    assert_counts(pool, 100, 2, 0);

    struct target_pool *next = open_pool(&world, pool);
    target_pool_free(pool);
    first = target_pool_target(next, &world.routes[0], 0);
    assert_int_equal(target_pool_count_probe(first, false), 3);
    assert_int_equal(target_pool_count_probe(first, true), 0);
    target_pool_note(first, BALANCE_CONNECTED, 200);
    assert_int_equal(target_pool_target_failures(first), 0);
    target_pool_free(next);
}

static void test_routes_share_a_target(void **unused)
{
    struct world world;
    make(&world);
    struct target_pool *pool = open_pool(&world, NULL);
    size_t count;
    target_pool_targets(pool, &count);
    assert_int_equal(count, 6);
    struct pool_target *shared = target_pool_target(pool, &world.routes[1], 0);
    assert_ptr_equal(shared, target_pool_target(pool, &world.routes[0], 1));
    target_pool_begin(shared);
    assert_int_equal(target_pool_target_sessions(target_pool_target(pool, &world.routes[0], 1)), 1);
    target_pool_end(shared);
    target_pool_free(pool);
}

static void test_reload_keeps_what_is_the_same(void **unused)
{
    struct world before, after;
    make(&before);
    make(&after);
    struct target_pool *old = open_pool(&before, NULL);
    for (size_t i = 0; i < PORTS; i++) {
        fail_twice(target_pool_target(old, &before.routes[0], i), 100);
        target_pool_begin(target_pool_target(old, &before.routes[0], i));
    }
    after.targets[0][0].place.line = 77; /* moved in the file: the same */
    after.targets[0][2].server_name = "other";
    after.targets[0][3].address.port = 40;
    after.routes[0].fail_after = 3;
    struct target_pool *new = open_pool(&after, old);

    static const uint32_t sessions[] = {1, 1, 0, 0};
    for (size_t i = 0; i < PORTS; i++)
        assert_int_equal(target_pool_target_sessions(target_pool_target(new, &after.routes[0], i)),
                         sessions[i]);
    /* Marked by the policy of its route; the new route allows more failures. */
    assert_int_equal(target_pool_target_state(target_pool_target(old, &before.routes[0], 0), 200),
                     BALANCE_DOWN);
    assert_int_equal(target_pool_target_state(target_pool_target(new, &after.routes[0], 0), 200),
                     BALANCE_UP);

    /* Sessions end in the pool that they began with, and the new pool sees it. */
    for (size_t i = 0; i < PORTS; i++)
        target_pool_end(target_pool_target(old, &before.routes[0], i));
    target_pool_free(old);
    assert_int_equal(target_pool_target_sessions(target_pool_target(new, &after.routes[0], 0)), 0);
    target_pool_free(new);
}

static bool same_after_it_became(const struct config_target *other)
{
    struct world before, after;
    make(&before);
    make(&after);
    after.targets[0][0] = *other;
    struct target_pool *old = open_pool(&before, NULL);
    target_pool_begin(target_pool_target(old, &before.routes[0], 0));
    struct target_pool *new = open_pool(&after, old);
    bool same = target_pool_target_sessions(target_pool_target(new, &after.routes[0], 0)) == 1;
    target_pool_free(old);
    target_pool_free(new);
    return same;
}

static void test_what_makes_a_target_another(void **unused)
{
    struct config_target others[15];
    for (size_t i = 0; i < WSL_COUNT(others); i++)
        others[i] = target_of("127.0.0.1", 1);
    assert_true(same_after_it_became(&others[0]));
    others[0].address.host = "127.0.0.9";
    others[1].address.port = 99;
    others[2].address = (struct config_address){.kind = CONFIG_ADDRESS_UNIX, .path = "/x"};
    others[3].insecure = true;
    others[4].server_name = "x";
    others[5].ca = "x";
    others[6].certificate = "x";
    others[7].key = "x";
    others[8].key_password = "x";
    others[9].proxy_protocol = CONFIG_TARGET_PROXY_V2;
    others[10].probe = CONFIG_PROBE_CONNECT;
    others[11].banner = "x";
    others[12].probe_interval_ms = 9;
    others[13].probe_timeout_ms = 9;
    others[14].proxy = "http://gate:3128";
    for (size_t i = 0; i < WSL_COUNT(others); i++)
        assert_false(same_after_it_became(&others[i]));
}

/* ---- picking ---- */

static void test_pick(void **unused)
{
    struct world world;
    make(&world);
    struct target_pool *pool = open_pool(&world, NULL);
    const struct config_route *route = &world.routes[0];
    struct target_pool_choice choice;
    for (uint16_t i = 0; i < 2 * PORTS; i++) {
        target_pool_pick(pool, route, 10, &choice);
        assert_int_equal(choice.count, PORTS);
        assert_int_equal(choice.order[0], i % PORTS);
        assert_false(choice.trial);
    }
    fail_twice(target_pool_target(pool, route, 0), 10);
    target_pool_pick(pool, route, 1009, &choice);
    assert_int_equal(choice.count, PORTS - 1);
    assert_true(target_pool_has_usable(pool, route, 1009));
    target_pool_free(pool);
}

static void test_one_trial_when_the_back_off_has_passed(void **unused)
{
    struct world world;
    make(&world);
    world.routes[0].balance = CONFIG_BALANCE_FIRST;
    struct target_pool *pool = open_pool(&world, NULL);
    const struct config_route *route = &world.routes[0];
    struct pool_target *first = target_pool_target(pool, route, 0);
    struct target_pool_choice choice;
    fail_twice(first, 10);
    target_pool_pick(pool, route, 1010, &choice);
    assert_true(choice.trial);
    assert_int_equal(choice.order[0], 0);
    target_pool_pick(pool, route, 1010, &choice);
    assert_false(choice.trial);
    assert_int_equal(choice.order[0], 1);
    target_pool_note(first, BALANCE_CONNECTED, 1020);
    target_pool_pick(pool, route, 1020, &choice);
    assert_int_equal(choice.order[0], 0);
    target_pool_free(pool);
}

static void test_all_down(void **unused)
{
    struct world world;
    make(&world);
    struct target_pool *pool = open_pool(&world, NULL);
    struct target_pool_choice choice;
    for (size_t i = 0; i < PORTS; i++)
        fail_twice(target_pool_target(pool, &world.routes[0], PORTS - 1 - i), 10 + i);
    assert_false(target_pool_has_usable(pool, &world.routes[0], 500));
    target_pool_pick(pool, &world.routes[0], 500, &choice);
    assert_int_equal(choice.count, PORTS);
    assert_int_equal(choice.order[0], PORTS - 1);
    assert_false(choice.trial);
    /* The only target of a route is tried even if it is marked down. */
    target_pool_pick(pool, &world.routes[1], 500, &choice);
    assert_int_equal(choice.count, 1);
    assert_int_equal(choice.order[0], 0);
    target_pool_free(pool);
}

static void test_a_varying_target_is_never_marked(void **unused)
{
    struct world world;
    make(&world);
    struct target_pool *pool = open_pool(&world, NULL);
    for (int i = 0; i < 50; i++) {
        target_pool_note(target_pool_target(pool, &world.routes[2], 0), BALANCE_FAILED, 10);
        target_pool_note(target_pool_target(pool, &world.routes[2], 1), BALANCE_FAILED, 10);
    }
    assert_int_equal(target_pool_target_state(target_pool_target(pool, &world.routes[2], 0), 20),
                     BALANCE_UP);
    assert_int_equal(target_pool_target_state(target_pool_target(pool, &world.routes[2], 1), 20),
                     BALANCE_DOWN);
    target_pool_free(pool);
}

/* Clients choose the name that the certificate must have: its failures are not the target's. */
static void test_a_captured_server_name_varies(void **unused)
{
    struct world world;
    make(&world);
    world.targets[1][0].server_name = "{name}.desks";
    struct target_pool *pool = open_pool(&world, NULL);
    struct pool_target *target = target_pool_target(pool, &world.routes[1], 0);
    for (int i = 0; i < 50; i++)
        target_pool_note(target, BALANCE_FAILED, 10);
    assert_int_equal(target_pool_target_state(target, 20), BALANCE_UP);
    target_pool_free(pool);
}

/* Likewise the path of a WebSocket: an answer 404 says nothing of other paths. */
static void test_a_captured_path_varies(void **unused)
{
    struct world world;
    make(&world);
    world.targets[1][0].ws.path = "/desks/{name}";
    struct target_pool *pool = open_pool(&world, NULL);
    struct pool_target *target = target_pool_target(pool, &world.routes[1], 0);
    for (int i = 0; i < 50; i++)
        target_pool_note(target, BALANCE_FAILED, 10);
    assert_int_equal(target_pool_target_state(target, 20), BALANCE_UP);
    target_pool_free(pool);
}

/* ---- failing ---- */

static void test_a_proxy(void **unused)
{
    struct world world;
    make(&world);
    world.targets[0][1].proxy = "socks5://me:pass@gate";
    struct target_pool *pool = open_pool(&world, NULL);
    assert_null(target_pool_target(pool, &world.routes[0], 0)->proxy);
    const struct config_proxy *proxy = target_pool_target(pool, &world.routes[0], 1)->proxy;
    assert_string_equal(proxy->at.host, "gate");
    assert_string_equal(proxy->at.password, "pass");
    assert_null(target_pool_target(pool, &world.routes[1], 0)->proxy);
    target_pool_free(pool);
}

static void test_tls_that_cannot_be_set_up(void **unused)
{
    struct world world;
    make(&world);
    char error[512];
    struct config_target *target = &world.targets[0][2];
    target->tls = true;
    target->server_name = "desk.example.com";
    struct tls_store *store = tls_store_create(NULL);
    struct target_pool *pool = target_pool_create(&world.config, NULL, store, error, sizeof(error));
    assert_non_null(target_pool_target(pool, &world.routes[0], 2)->tls);
    assert_null(target_pool_target(pool, &world.routes[0], 1)->tls);
    target_pool_free(pool);
    pool = open_pool(&world, NULL); /* without a store: the caller adds the contexts */
    assert_null(target_pool_target(pool, &world.routes[0], 2)->tls);
    target_pool_free(pool);

    target->ca = "/nowhere/ca.pem";
    target->place = (struct config_place){"gateway.yaml", 7, 3};
    assert_null(target_pool_create(&world.config, NULL, store, error, sizeof(error)));
    assert_non_null(strstr(error, "gateway.yaml:7:3: target 127.0.0.1:3: "));
    assert_non_null(strstr(error, "/nowhere/ca.pem"));
    target->place.file = NULL;
    assert_null(target_pool_create(&world.config, NULL, store, error, sizeof(error)));
    assert_ptr_equal(strstr(error, "target "), error);
    tls_store_free(store);
}

static void test_each_allocation_fails(void **unused)
{
    struct world world;
    make(&world);
    world.targets[0][1].proxy = "http://gate:3128";
    struct target_pool *old = open_pool(&world, NULL), *pool;
    char error[256];
    for (int kept = 0; kept < 2; kept++)
        for (unsigned n = 1;; n++) {
            failing_alloc_arm(n);
            pool = target_pool_create(&world.config, kept ? old : NULL, NULL, error, sizeof(error));
            bool failed = failing_alloc_disarm();
            assert_int_equal(pool == NULL, failed);
            target_pool_free(pool);
            if (!failed)
                break;
            assert_string_equal(error, "out of memory");
        }
    target_pool_free(old);
}

/* ---- threads ---- */

#define THREADS 4

static struct {
    struct world world;
    struct target_pool *pool;
    pthread_barrier_t start;
    atomic_uint trials;
} crowd;

static void *live(void *argument)
{
    unsigned seed = (unsigned)(uintptr_t)argument;
    for (uint64_t now = 0; now < 20000; now++) {
        struct target_pool_choice choice;
        const struct config_route *route = &crowd.world.routes[now % 3];
        target_pool_pick(crowd.pool, route, now, &choice);
        struct pool_target *target = target_pool_target(crowd.pool, route, choice.order[0]);
        enum balance_event bad = choice.trial ? BALANCE_TRIAL_FAILED : BALANCE_FAILED;
        target_pool_begin(target);
        target_pool_note(target, rand_r(&seed) % 4 ? BALANCE_CONNECTED : bad, now);
        target_pool_end(target);
    }
    return NULL;
}

static void run_threads(void *(*work)(void *))
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)i), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void test_threads(void **unused)
{
    make(&crowd.world);
    crowd.pool = open_pool(&crowd.world, NULL);
    run_threads(live);
    size_t count;
    struct pool_target *targets = target_pool_targets(crowd.pool, &count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(target_pool_target_sessions(&targets[i]), 0);
    target_pool_free(crowd.pool);
}

static void *pick_when_due(void *argument)
{
    for (uint64_t round = 1; round <= 200; round++) {
        pthread_barrier_wait(&crowd.start);
        struct target_pool_choice choice;
        target_pool_pick(crowd.pool, &crowd.world.routes[0], round * 100000, &choice);
        atomic_fetch_add(&crowd.trials, choice.trial);
        pthread_barrier_wait(&crowd.start);
        if ((uintptr_t)argument == 0)
            target_pool_note(target_pool_target(crowd.pool, &crowd.world.routes[0], 0),
                             BALANCE_TRIAL_FAILED, round * 100000);
    }
    return NULL;
}

static void test_one_of_a_crowd_gets_the_trial(void **unused)
{
    make(&crowd.world);
    crowd.world.routes[0].balance = CONFIG_BALANCE_FIRST;
    crowd.pool = open_pool(&crowd.world, NULL);
    fail_twice(target_pool_target(crowd.pool, &crowd.world.routes[0], 0), 1);
    atomic_store(&crowd.trials, 0);
    pthread_barrier_init(&crowd.start, NULL, THREADS);
    run_threads(pick_when_due);
    pthread_barrier_destroy(&crowd.start);
    assert_int_equal(atomic_load(&crowd.trials), 200);
    target_pool_free(crowd.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_have_a_target_that_varies),
        cmocka_unit_test(test_failures_of_sessions_and_probes_are_counted),
        cmocka_unit_test(test_routes_share_a_target),
        cmocka_unit_test(test_reload_keeps_what_is_the_same),
        cmocka_unit_test(test_what_makes_a_target_another),
        cmocka_unit_test(test_pick),
        cmocka_unit_test(test_one_trial_when_the_back_off_has_passed),
        cmocka_unit_test(test_all_down),
        cmocka_unit_test(test_a_varying_target_is_never_marked),
        cmocka_unit_test(test_a_captured_server_name_varies),
        cmocka_unit_test(test_a_captured_path_varies),
        cmocka_unit_test(test_a_proxy),
        cmocka_unit_test(test_tls_that_cannot_be_set_up),
        cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_one_of_a_crowd_gets_the_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
