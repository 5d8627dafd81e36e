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
    struct links_offer links;
    int calls;
    bool ready;
    pid_t child;
    char version[64], failure[256], said[4096];
} scene;

static void upgrade_done(void *owner, const struct upgrade_outcome *outcome)
{
    assert_ptr_equal(owner, &scene);
    scene.calls++;
    scene.ready = outcome->ready;
    scene.child = outcome->child;
    snprintf(scene.version, sizeof(scene.version), "%s", outcome->version);
    snprintf(scene.failure, sizeof(scene.failure), "%s", outcome->failure);
    snprintf(scene.said, sizeof(scene.said), "%s", outcome->said);
}

static int set_up(void **unused)
{
    scene.calls = 0;
    if (uv_loop_init(&scene.loop) != 0 || !watch_set_open(&scene.watches, &scene.loop))
        return -1;
    scene.listeners = (struct listeners){.watches = &scene.watches};
    static char list[] = "WSLUICE_LINKS=";
    scene.links =
        (struct links_offer){.own = -1, .generation = "WSLUICE_GENERATION=7", .list = list};
    return 0;
}

static int tear_down(void **unused)
{
    watch_set_close(&scene.watches);
    return loop_finish(&scene.loop) ? 0 : -1;
}

static struct upgrade_request request_of(const struct program *program, uint64_t timeout_ms)
{
    return (struct upgrade_request){.program = program,
                                    .listeners = &scene.listeners,
                                    .links = &scene.links,
                                    .timeout_ms = timeout_ms,
                                    .callback = upgrade_done,
                                    .owner = &scene};
}

static struct upgrade *start(const char *line, uint64_t timeout_ms)
{
    char error[256], shell[] = "sh", option[] = "-c", text[512],
                     *words[] = {shell, option, text, NULL};
    const struct program program = {.path = "/bin/sh", .argv = words};
    snprintf(text, sizeof(text), "%s", line);
    struct upgrade_request request = request_of(&program, timeout_ms);
    struct upgrade *upgrade = upgrade_start(&request, error, sizeof(error));
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
    assert_true(strstr(scene.failure, "signal 9") || strstr(scene.failure, "status 3"));
    assert_int_equal(waitpid(child, NULL, 0), -1);
}

static void test_a_child_that_takes_too_long_is_killed(void **unused)
{
    start("exec sleep 1000", 1);
    run_until_done();
    assert_false(scene.ready);
    assert_non_null(strstr(scene.failure, "timed out after 0.001 s (limits.upgrade_timeout)"));
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
    struct upgrade_request request = request_of(&program, 60000);
    assert_non_null(upgrade_start(&request, error, sizeof(error)));
    run_until_done();
    assert_false(scene.ready);
    assert_string_equal(scene.failure, "cannot execute /nosuchprogram: No such file or directory");
    assert_string_equal(scene.said, "");
}

/* Its errors are carried over, as printable lines; a flood of them is cut, and blocks nobody. */
static void test_what_a_child_says(void **unused)
{
    start("printf 'no such port\\033[2J\\nadvice\\n' >/proc/self/fd/$WSLUICE_ERROR_FD; exit 1",
          60000);
    run_until_done();
    assert_false(scene.ready);
    assert_string_equal(scene.said, "no such port?[2J\nadvice");
    scene.calls = 0;
    start("dd if=/dev/zero bs=65536 count=1 2>/dev/null | tr '\\0' x "
          ">/proc/self/fd/$WSLUICE_ERROR_FD; exit 1",
          60000);
    run_until_done();
    assert_false(scene.ready);
    assert_int_equal(strlen(scene.said), sizeof(scene.said) - 1);
}

static void test_a_child_of_this_version(void **unused)
{
    start("printf '1 0.9.9\\n' >/proc/self/fd/$WSLUICE_READY_FD; sleep 0.1", 60000);
    run_until_done();
    assert_true(scene.ready);
    assert_string_equal(scene.version, "0.9.9");
    (void)signal(SIGCHLD, SIG_DFL);
}

/* This process was stopped meanwhile: the child has served in time, and is not killed. */
static void test_a_child_that_served_before_the_deadline(void **unused)
{
    siginfo_t ended;
    struct upgrade *upgrade = start("printf '1 0.9.9\\n' >/proc/self/fd/$WSLUICE_READY_FD", 1);
    pid_t child = upgrade_child(upgrade);
    assert_int_equal(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT), 0);
    run_until_done();
    assert_true(scene.ready);
    assert_string_equal(scene.version, "0.9.9");
    uv_run(&scene.loop, UV_RUN_NOWAIT);
    assert_int_equal(scene.calls, 1);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)waitpid(child, NULL, 0);
}

/* It gets the pipe and the list of sockets, but not WATCHDOG_PID, which names this process. */
static void test_a_child_that_serves(void **unused)
{
    setenv("WATCHDOG_PID", "1", 1);
    setenv("WATCHDOG_USEC", "1", 1);
    start("test -z \"$WATCHDOG_PID\" && test \"$WATCHDOG_USEC\" && "
          "test \"${WSLUICE_FDS-none}\" != none && test \"$WSLUICE_GENERATION\" = 7 && "
          "test \"${WSLUICE_LINKS-none}\" != none && printf 1 >/proc/self/fd/$WSLUICE_READY_FD",
          60000);
    run_until_done();
    assert_true(scene.ready);
    assert_string_equal(scene.version, "");
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
        TEST(test_what_a_child_says),
        TEST(test_a_child_that_served_before_the_deadline),
        TEST(test_a_child_that_serves),
        TEST(test_a_child_of_this_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
