/* Jobs of libuv's pool: begun within the share of their kind, waiting, cancelled. */
#include "net/work.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/work_lab.h"

static uv_loop_t loop;
static struct work_lab lab;
static unsigned share;

struct task {
    struct work_task task;
    unsigned ran, began, ended; /* how often */
};

static int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    work_lab_open(&lab, &loop);
    /* A post of the pool comes while nothing else keeps the loop going. */
    uv_ref((uv_handle_t *)&lab.mailbox.wake);
    share = work_share_at_once(WORK_files);
    return 0;
}

static int tear_down(void **unused)
{
    work_lab_close(&lab);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    work_lab_free(&lab);
    return 0;
}

static void work_cb(struct work_task *task)
{
    WSL_CONTAINER(task, struct task, task)->ran++;
}

static void begun_cb(struct work_task *task)
{
    struct task *owner = WSL_CONTAINER(task, struct task, task);
    assert_int_equal(owner->ran, 0);
    owner->began++;
}

static void done_cb(struct work_task *task)
{
    struct task *owner = WSL_CONTAINER(task, struct task, task);
    assert_int_equal(owner->ran, 1);
    owner->ended++;
}

static bool queue(struct task *task)
{
    *task = (struct task){.task = {.work = work_cb, .done = done_cb, .begun = begun_cb}};
    return work_queue(&lab.lane, &task->task, WORK_files, 0);
}

static void run_until_done(const struct task *task)
{
    while (task->ended == 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(task->ended, 1);
}

/* Takes the whole share, with jobs that do nothing. */
static void take_share(struct work_job *jobs)
{
    for (unsigned i = 0; i < share; i++)
        assert_true(work_request(&lab.lane, &jobs[i], WORK_files, 0, NULL));
}

static void test_a_task_runs_at_once(void **unused)
{
    struct task task;
    assert_true(queue(&task));
    assert_int_equal(task.ended, 0);
    run_until_done(&task);
    assert_int_equal(task.began, 0);
}

static void test_a_done_task_gives_its_share_back(void **unused)
{
    struct work_job busy[16];
    struct task task;
    assert_true(queue(&task));
    run_until_done(&task);
    take_share(busy);
    for (unsigned i = 0; i < share; i++)
        work_finish(&busy[i]);
}

static void test_a_task_waits_for_its_share(void **unused)
{
    struct work_job busy[16];
    struct task task;
    take_share(busy);
    assert_false(queue(&task));
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(task.began, 0);
    work_finish(&busy[0]);
    run_until_done(&task);
    assert_int_equal(task.began, 1);
    for (unsigned i = 1; i < share; i++)
        work_finish(&busy[i]);
}

static void test_begun_may_be_null(void **unused)
{
    struct work_job busy[16];
    struct task task = {.task = {.work = work_cb, .done = done_cb}};
    take_share(busy);
    assert_false(work_queue(&lab.lane, &task.task, WORK_files, 0));
    for (unsigned i = 0; i < share; i++)
        work_finish(&busy[i]);
    run_until_done(&task);
}

static void test_a_waiting_task_can_leave(void **unused)
{
    struct work_job busy[16];
    struct task task, next;
    take_share(busy);
    assert_false(queue(&task));
    assert_false(queue(&next));
    assert_true(work_cancel(&task.task.job));
    for (unsigned i = 0; i < share; i++)
        work_finish(&busy[i]);
    run_until_done(&next);
    assert_int_equal(task.began + task.ran + task.ended, 0);
}

/* Its turn has come, and waits in the loop's mailbox: the share passes to the next. */
static void test_a_task_can_leave_until_the_loop_begins_it(void **unused)
{
    struct work_job busy[16];
    struct task task, next;
    take_share(busy);
    assert_false(queue(&task));
    assert_false(queue(&next));
    work_finish(&busy[0]);
    assert_true(work_cancel(&task.task.job));
    run_until_done(&next);
    assert_int_equal(task.began + task.ran + task.ended, 0);
    for (unsigned i = 1; i < share; i++)
        work_finish(&busy[i]);
}

static void test_a_begun_task_cannot_leave(void **unused)
{
    struct task task;
    assert_true(queue(&task));
    assert_false(work_cancel(&task.task.job));
    run_until_done(&task);
    assert_false(work_cancel(&task.task.job));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_task_runs_at_once),        TEST(test_a_done_task_gives_its_share_back),
        TEST(test_a_task_waits_for_its_share), TEST(test_begun_may_be_null),
        TEST(test_a_waiting_task_can_leave),   TEST(test_a_task_can_leave_until_the_loop_begins_it),
        TEST(test_a_begun_task_cannot_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
