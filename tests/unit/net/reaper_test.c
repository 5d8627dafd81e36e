/* Things are freed in the pool, all of them, and at the end those that are left. */
#include "net/reaper.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/work_lab.h"

static uv_loop_t loop;
static struct work_lab lab;
static struct reaper reaper;
static struct thing {
    struct reaper_item item;
    unsigned freed;
    pthread_t by;
} things[3];

static void free_cb(struct reaper_item *item)
{
    struct thing *thing = WSL_CONTAINER(item, struct thing, item);
    thing->freed++;
    thing->by = pthread_self();
}

static int set_up(void **unused)
{
    memset(things, 0, sizeof(things));
    assert_int_equal(uv_loop_init(&loop), 0);
    work_lab_open(&lab, &loop);
    uv_ref((uv_handle_t *)&lab.mailbox.wake); /* as a loop that serves */
    assert_true(reaper_open(&reaper, &lab.lane));
    return 0;
}

static int tear_down(void **unused)
{
    work_lab_close(&lab);
    uv_run(&loop, UV_RUN_DEFAULT);
    reaper_close(&reaper);
    work_lab_free(&lab);
    return uv_loop_close(&loop);
}

static void add(unsigned i)
{
    reaper_add(&reaper, &things[i].item, free_cb);
}

static void turn_until_empty(void)
{
    do
        uv_run(&loop, UV_RUN_NOWAIT);
    while (reaper.busy || reaper.post.waiting);
}

static void test_another_thread_frees(void **unused)
{
    add(0);
    add(1);
    assert_int_equal(things[0].freed, 0);
    turn_until_empty();
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(things[i].freed, 1);
        assert_false(pthread_equal(things[i].by, pthread_self()));
    }
}

/* The share of the pool is taken while things come. */
static void test_more_while_it_waits(void **unused)
{
    struct work_job job;
    assert_true(work_request(&lab.lane, &job, WORK_reload, 1, NULL));
    add(0);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_true(reaper.busy);
    add(1);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(things[0].freed + things[1].freed, 0);
    work_finish(&job);
    turn_until_empty();
    add(2);
    turn_until_empty();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(things[i].freed, 1);
}

static void test_the_end(void **unused)
{
    add(0);
    work_lab_close(&lab);
    uv_run(&loop, UV_RUN_DEFAULT);
    add(1); /* its post does not run */
    reaper_close(&reaper);
    assert_int_equal(things[0].freed, 1);
    assert_int_equal(things[1].freed, 1);
    work_lab_free(&lab);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_another_thread_frees, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_more_while_it_waits, set_up, tear_down),
        cmocka_unit_test_setup(test_the_end, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
