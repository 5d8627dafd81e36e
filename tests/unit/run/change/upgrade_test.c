/* Successors that are lines of sh(1): one that serves, and those that fail. */
#include "run/change/upgrade.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/process/loop.h"

static struct {
    uv_loop_t loop;
    struct watch_set watches;
    struct listeners listeners;
    int calls, status;
    bool ready;
    pid_t child;
} scene;

static void upgrade_done(void *owner, bool ready, pid_t child, int status)
{
    assert_ptr_equal(owner, &scene);
    scene.calls++;
    scene.ready = ready;
    scene.child = child;
    scene.status = status;
}

static int set_up(void **unused)
{
    scene.calls = 0;
    if (uv_loop_init(&scene.loop) != 0 || !watch_set_open(&scene.watches, &scene.loop))
        return -1;
    scene.listeners = (struct listeners){.watches = &scene.watches};
    return 0;
}

static int tear_down(void **unused)
{
    watch_set_close(&scene.watches);
    return loop_finish(&scene.loop) ? 0 : -1;
}

static struct upgrade *start(const char *line, uint64_t timeout_ms)
{
    char error[256], shell[] = "sh", option[] = "-c", text[512],
                     *words[] = {shell, option, text, NULL};
    const struct program program = {.path = "/bin/sh", .argv = words};
    snprintf(text, sizeof(text), "%s", line);
    struct upgrade *upgrade = upgrade_start(&program, &scene.listeners, timeout_ms, upgrade_done,
                                            &scene, error, sizeof(error));
    assert_non_null(upgrade);
    return upgrade;
}

static void run_until_done(void)
{
    while (scene.calls == 0)
        uv_run(&scene.loop, UV_RUN_ONCE);
}

static void test_a_child_that_ends_before_it_serves(void **unused)
{
    struct upgrade *upgrade = start("exit 3", 60000);
    pid_t child = upgrade_child(upgrade);
    run_until_done();
    assert_false(scene.ready);
    assert_int_equal(scene.child, child);
    /* A child that has closed the pipe may not have ended: it is killed. */
    assert_true(WIFSIGNALED(scene.status) ? WTERMSIG(scene.status) == SIGKILL
                                          : WEXITSTATUS(scene.status) == 3);
    assert_int_equal(waitpid(child, NULL, 0), -1);
}

static void test_a_child_that_takes_too_long_is_killed(void **unused)
{
    start("exec sleep 1000", 1);
    run_until_done();
    assert_false(scene.ready);
    assert_true(WIFSIGNALED(scene.status));
    assert_int_equal(WTERMSIG(scene.status), SIGKILL);
}

static void test_a_cancelled_child_is_terminated_without_a_callback(void **unused)
{
    int status;
    struct upgrade *upgrade = start("exec sleep 1000", 60000);
    pid_t child = upgrade_child(upgrade);
    upgrade_cancel(upgrade);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    uv_run(&scene.loop, UV_RUN_NOWAIT);
    assert_int_equal(scene.calls, 0);
}

static void test_a_program_that_is_not_there(void **unused)
{
    char name[] = "wsluice", *words[] = {name, NULL};
    const struct program program = {.path = "/nosuchprogram", .argv = words};
    char error[256];
    assert_non_null(upgrade_start(&program, &scene.listeners, 60000, upgrade_done, &scene, error,
                                  sizeof(error)));
    run_until_done();
    assert_false(scene.ready);
}

/* It gets the pipe and the list of sockets, but not WATCHDOG_PID, which names this process. */
static void test_a_child_that_serves(void **unused)
{
    setenv("WATCHDOG_PID", "1", 1);
    setenv("WATCHDOG_USEC", "1", 1);
    start("test -z \"$WATCHDOG_PID\" && test \"$WATCHDOG_USEC\" && "
          "test \"${WSLUICE_FDS-none}\" != none && printf 1 >/proc/self/fd/$WSLUICE_READY_FD",
          60000);
    run_until_done();
    assert_true(scene.ready);
    (void)signal(SIGCHLD,
                 SIG_DFL); /* upgrade.c ignores it from now on: the successor is left alone */
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_child_that_ends_before_it_serves),
        TEST(test_a_child_that_takes_too_long_is_killed),
        TEST(test_a_cancelled_child_is_terminated_without_a_callback),
        TEST(test_a_program_that_is_not_there),
        TEST(test_a_child_that_serves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
