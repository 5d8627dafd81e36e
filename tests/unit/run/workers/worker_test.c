/* Workers without clients, on the main loop and on a thread of their own. */
#include "run/workers/worker.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "net/connect/lookup.h"
#include "run/process/loop.h"

static struct {
    uv_loop_t loop;
    struct mailbox mailbox;
    struct work_pool work;
    struct worker_shared shared;
    struct worker worker;
    unsigned empty, cleared; /* times that the worker has reported it */
} scene;

static void empty_cb(void *owner, void *argument)
{
    assert_ptr_equal(owner, &scene);
    assert_ptr_equal(argument, &scene.worker);
    scene.empty++;
}

static void cleared_cb(void *owner, void *argument)
{
    assert_ptr_equal(owner, &scene);
    assert_ptr_equal(argument, &scene.worker);
    scene.cleared++;
}

/* As the supervisor does when all workers are empty. */
static void clear_and_stop(void)
{
    worker_clear(&scene.worker);
    while (scene.cleared == 0)
        uv_run(&scene.loop, UV_RUN_ONCE);
    worker_stop(&scene.worker);
}

static int set_up(void **unused)
{
    scene.empty = scene.cleared = 0;
    if (uv_loop_init(&scene.loop) != 0 || !mailbox_open(&scene.mailbox, &scene.loop, &scene) ||
        !work_pool_open(&scene.work))
        return -1;
    scene.shared = (struct worker_shared){
        .supervisor = &scene.mailbox,
        .empty = empty_cb,
        .cleared = cleared_cb,
        .work = &scene.work,
        .lookups = lookup_table_create(),
    };
    return scene.shared.lookups ? 0 : -1;
}

static int tear_down(void **unused)
{
    mailbox_close(&scene.mailbox);
    bool finished = loop_finish(&scene.loop);
    finished = worker_free(&scene.worker) && finished;
    mailbox_free(&scene.mailbox);
    lookup_table_free(scene.shared.lookups);
    work_pool_close(&scene.work);
    return finished ? 0 : -1;
}

static void start(bool on_main_loop)
{
    assert_true(worker_start(&scene.worker, 0, on_main_loop ? &scene.loop : NULL, &scene.shared));
}

static void run_until_empty(void)
{
    while (scene.empty == 0)
        uv_run(&scene.loop, UV_RUN_ONCE);
}

static void retire_drain_and_kill(bool on_main_loop)
{
    start(on_main_loop);
    worker_retire(&scene.worker);
    run_until_empty();
    worker_drain(&scene.worker, 1000);
    worker_kill(&scene.worker);
    worker_kill(&scene.worker);
    clear_and_stop();
    uv_run(&scene.loop, UV_RUN_NOWAIT);
    assert_int_equal(scene.empty, 1);
}

/* The supervisor tells all workers at once, and this one was empty before the others. */
static void test_an_empty_worker_is_told_with_the_others(void **unused)
{
    retire_drain_and_kill(true);
}

static void test_an_empty_thread_is_told_with_the_others(void **unused)
{
    retire_drain_and_kill(false);
}

static void test_without_sessions_a_drain_takes_no_time(void **unused)
{
    uint64_t before = uv_hrtime();
    start(false);
    worker_drain(&scene.worker, 60000);
    run_until_empty();
    assert_true(uv_hrtime() - before < 10 * (uint64_t)1000000000);
    clear_and_stop();
}

/* As when a worker after it cannot start. */
static void test_a_worker_that_never_served_stops(void **unused)
{
    start(false);
    worker_stop(&scene.worker);
    uv_run(&scene.loop, UV_RUN_NOWAIT);
    assert_int_equal(scene.empty, 0);
}

/* The disk hangs: a recording that is not written is given up, a session is not. */
static void test_recordings_are_abandoned_after_a_time(void **unused)
{
    start(true);
    scene.worker.env.live = 2;
    scene.worker.env.recordings = 1;
    worker_drain(&scene.worker, 0);
    worker_kill(&scene.worker);
    while (scene.worker.state != WORKER_ABANDONING)
        uv_run(&scene.loop, UV_RUN_ONCE);
    assert_int_equal(scene.empty, 0);
    scene.worker.env.live--;
    scene.worker.env.on_release(&scene.worker.env);
    run_until_empty();

    /* Should the disk take it after all, nothing is reported again. */
    scene.worker.env.live = scene.worker.env.recordings = 0;
    scene.worker.env.on_release(&scene.worker.env);
    clear_and_stop();
    uv_run(&scene.loop, UV_RUN_NOWAIT);
    assert_int_equal(scene.empty, 1);
}

/* They show how the drain goes, and are the last to leave. */
static void test_sessions_of_the_admin_socket_do_not_hold_up_the_end(void **unused)
{
    start(true);
    scene.worker.env.live = 2;
    scene.worker.env.admins = 1;
    worker_drain(&scene.worker, 0);
    uv_run(&scene.loop, UV_RUN_NOWAIT);
    assert_int_equal(scene.empty, 0);
    session_env_release(&scene.worker.env);
    run_until_empty();
    worker_clear(&scene.worker);
    uv_run(&scene.loop, UV_RUN_NOWAIT);
    assert_int_equal(scene.cleared, 0);
    scene.worker.env.admins = 0;
    session_env_release(&scene.worker.env);
    while (scene.cleared == 0)
        uv_run(&scene.loop, UV_RUN_ONCE);
    assert_int_equal(scene.empty, 1);
    worker_stop(&scene.worker);
}

static void test_load_counts_clients_that_are_not_taken_yet(void **unused)
{
    struct worker worker = {.clients_given = 7};
    assert_int_equal(worker_load(&worker), 7);
    metrics_add(&worker.env.metrics.counter[METRICS_connections], 5);
    metrics_add(&worker.env.metrics.open, 3);
    assert_int_equal(worker_load(&worker), 5);
    /* The worker has counted a client that the supervisor has not counted yet. */
    metrics_add(&worker.env.metrics.counter[METRICS_connections], 3);
    assert_int_equal(worker_load(&worker), 3);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_an_empty_worker_is_told_with_the_others),
        TEST(test_an_empty_thread_is_told_with_the_others),
        TEST(test_without_sessions_a_drain_takes_no_time),
        TEST(test_a_worker_that_never_served_stops),
        TEST(test_recordings_are_abandoned_after_a_time),
        TEST(test_sessions_of_the_admin_socket_do_not_hold_up_the_end),
        cmocka_unit_test(test_load_counts_clients_that_are_not_taken_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
