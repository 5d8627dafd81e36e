/* Periodic probes: verdicts, intervals, reloads. */
#include "serve/target/prober.h"

#include "lib/log_lab.h"
#include "lib/probe_lab.h"

static struct config config = {.routes = &route, .route_count = 1};
static struct target_pool *pool;
static struct prober *prober;

static struct pool_target *only(void)
{
    return target_pool_target(pool, &route, 0);
}

static bool is_down(void)
{
    return target_pool_target_state(only(), uv_now(&loop)) == BALANCE_DOWN;
}

static void begin(void)
{
    char error[256];
    pool = target_pool_create(&config, NULL, NULL, error, sizeof(error));
    assert_non_null(pool);
    log_lab_open(REASON_ERROR);
    prober = prober_create(&watches, resolver, pool);
    assert_non_null(prober);
}

static void end(void)
{
    prober_close(prober);
    prober = NULL;
    uv_run(&loop, UV_RUN_DEFAULT);
    target_pool_free(pool);
    pool = NULL;
}

/* After a failure too: the timers of a prober that is left would keep the loop running. */
static int end_and_tear_down(void **state)
{
    if (pool)
        end();
    return tear_down(state);
}

static void run_for(uint64_t milliseconds)
{
    uint64_t until = uv_hrtime() + milliseconds * 1000000;
    uv_update_time(&loop);
    while (uv_hrtime() < until) {
        uv_run(&loop, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
}

#define RUN_UNTIL(condition)                                                                       \
    do {                                                                                           \
        for (unsigned left = 10000; !(condition) && left > 0; left--)                              \
            run_for(1);                                                                            \
        assert_true(condition);                                                                    \
    } while (0)

static void test_verdicts(void **unused)
{
    target.probe_timeout_ms = 10000;
    begin(); /* refused from the start: the first verdict counts at once */
    RUN_UNTIL(is_down());
    server_sends("RFB 003.008\n", NULL, NULL);
    RUN_UNTIL(target_pool_target_probe(only()) == BALANCE_PROBED_UP);
    assert_false(is_down());

    server.pieces[0] = "HTTP/1.1 400\r\n"; /* another server has the port now */
    unsigned before = server.accepted;
    while (server.accepted < before + route.fail_after) {
        assert_false(is_down());
        run_for(1);
    }
    RUN_UNTIL(is_down());
    server.pieces[0] = "RFB 003.";
    RUN_UNTIL(target_pool_target_probe(only()) == BALANCE_PROBED_UP);
    assert_false(is_down());
    end();
}

static void test_off(void **unused)
{
    target.probe = CONFIG_PROBE_OFF;
    loopback_listen(&server.socket);
    begin();
    run_for(100);
    assert_int_equal(server.accepted, 0);
    end();
    prober_close(NULL);
}

static void test_a_varying_target_is_not_probed(void **unused)
{
    static struct config_capture capture = {"name", "[a-z]+"};
    target.address.host = "{name}";
    route.captures = &capture;
    route.capture_count = 1;
    begin();
    run_for(50);
    assert_int_equal(target_pool_target_probe(only()), BALANCE_UNPROBED);
    end();
}

/* While a probe takes longer than the interval, no other one begins. */
static void test_one_at_a_time(void **unused)
{
    target.probe_interval_ms = 10;
    target.probe_timeout_ms = 10000;
    loopback_listen(&server.socket);
    begin();
    RUN_UNTIL(server.accepted > 0);
    run_for(120);
    assert_int_equal(server.accepted, 1);
    end();
}

static void test_a_reload_keeps_the_verdict(void **unused)
{
    char error[256];
    begin();
    RUN_UNTIL(is_down());
    struct target_pool *next = target_pool_create(&config, pool, NULL, error, sizeof(error));
    assert_non_null(next);
    end();
    pool = next;
    assert_true(is_down());
    loopback_listen(&server.socket);
    target.probe = CONFIG_PROBE_CONNECT;
    prober = prober_create(&watches, resolver, pool);
    RUN_UNTIL(target_pool_target_probe(only()) == BALANCE_PROBED_UP);
    assert_false(is_down());
    end();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, end_and_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_verdicts),
        TEST(test_off),
        TEST(test_a_varying_target_is_not_probed),
        TEST(test_one_at_a_time),
        TEST(test_a_reload_keeps_the_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
