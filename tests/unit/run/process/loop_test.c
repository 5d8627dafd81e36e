#include "run/process/loop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void closed_cb(uv_handle_t *handle)
{
    *(bool *)handle->data = true;
}

static void test_handles_that_close_are_waited_for(void **unused)
{
    uv_loop_t loop;
    uv_timer_t timer;
    bool closed = false;
    assert_int_equal(uv_loop_init(&loop), 0);
    uv_timer_init(&loop, &timer);
    timer.data = &closed;
    uv_close((uv_handle_t *)&timer, closed_cb);
    assert_true(loop_finish(&loop));
    assert_true(closed);
}

/* As a name look-up whose resolver does not answer. */
static void blocking_work(uv_work_t *work)
{
    uv_sem_wait(work->data);
}

static void done_cb(uv_work_t *work, int status)
{
    assert_int_equal(status, 0);
}

static void test_work_that_hangs_is_not_waited_for(void **unused)
{
    uv_loop_t loop;
    uv_sem_t release;
    uv_work_t work = {.data = &release};
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_sem_init(&release, 0), 0);
    assert_int_equal(uv_queue_work(&loop, &work, blocking_work, done_cb), 0);
    assert_false(loop_finish(&loop));
    uv_sem_post(&release);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(loop_finish(&loop));
    uv_sem_destroy(&release);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handles_that_close_are_waited_for),
        cmocka_unit_test(test_work_that_hangs_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
