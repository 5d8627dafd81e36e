#include "run/process/signals.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    uv_loop_t loop;
    struct watch_set watches;
    struct signals signals;
    int last, count;
    bool closes; /* the callback closes the signals */
} scene;

static void signal_cb(void *owner, int number)
{
    assert_ptr_equal(owner, &scene);
    scene.last = number;
    scene.count++;
    if (scene.closes)
        signals_close(&scene.signals);
}

static int set_up(void **unused)
{
    scene.last = scene.count = 0;
    scene.closes = false;
    signals_hold();
    if (uv_loop_init(&scene.loop) != 0 || !watch_set_open(&scene.watches, &scene.loop))
        return -1;
    return signals_open(&scene.signals, &scene.watches, signal_cb, &scene) ? 0 : -1;
}

static int tear_down(void **unused)
{
    if (!scene.closes)
        signals_close(&scene.signals);
    watch_set_close(&scene.watches);
    uv_run(&scene.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&scene.loop);
}

static void test_each_signal_reaches_the_callback(void **unused)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < WSL_COUNT(numbers); i++) {
        assert_int_equal(kill(getpid(), numbers[i]), 0);
        while (scene.count == (int)i)
            uv_run(&scene.loop, UV_RUN_ONCE);
        assert_int_equal(scene.last, numbers[i]);
    }
}

/* A signal that comes before the loop runs is neither fatal nor lost. */
static void test_signals_wait_for_the_loop(void **unused)
{
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_int_equal(scene.count, 0);
    while (scene.count < 2)
        uv_run(&scene.loop, UV_RUN_ONCE);
}

static void test_the_callback_may_close_while_another_signal_is_pending(void **unused)
{
    sigset_t pending;
    scene.closes = true;
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_int_equal(kill(getpid(), SIGUSR2), 0);
    while (scene.count == 0)
        uv_run(&scene.loop, UV_RUN_ONCE);
    uv_run(&scene.loop, UV_RUN_NOWAIT);
    assert_int_equal(scene.count, 1);
    assert_int_equal(sigpending(&pending), 0);
    assert_true(sigismember(&pending, scene.last == SIGUSR1 ? SIGUSR2 : SIGUSR1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_signal_reaches_the_callback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_signals_wait_for_the_loop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_callback_may_close_while_another_signal_is_pending,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
