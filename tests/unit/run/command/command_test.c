/* Real children: how each of their ends is reported, and what is started again. */
#include "run/command/command.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    uv_loop_t loop;
    struct program program;
    struct rebind rebind;
    struct command *command;
    int ended, status;
    atomic_bool is_over;
    char file[32];
} scene;

static void ended_cb(void *owner, int status)
{
    assert_ptr_equal(owner, &scene);
    scene.ended++;
    scene.status = status;
}

static int set_up(void **arguments)
{
    scene.ended = 0;
    scene.is_over = false;
    scene.rebind = (struct rebind){.fd = -1};
    snprintf(scene.file, sizeof(scene.file), "/tmp/wsluice-command-XXXXXX");
    close(mkstemp(scene.file));
    return uv_loop_init(&scene.loop) == 0 && program_remember(&scene.program, *arguments) ? 0 : -1;
}

static int tear_down(void **unused)
{
    command_close(scene.command);
    scene.command = NULL;
    uv_run(&scene.loop, UV_RUN_DEFAULT);
    program_free(&scene.program);
    unlink(scene.file);
    return uv_loop_close(&scene.loop);
}

/* Runs a line of sh(1), whose $0 is the file of the scene. */
static bool start(const char *line, enum config_command_end when_it_ends, char *error, size_t size)
{
    const char *words[] = {"sh", "-c", line, scene.file};
    const struct config_command config = {
        .words = {.items = words, .count = WSL_COUNT(words)},
        .when_it_ends = when_it_ends,
    };
    const struct command_request request = {
        .loop = &scene.loop,
        .command = &config,
        .rebind = &scene.rebind,
        .program = &scene.program,
        .ended = ended_cb,
        .owner = &scene,
        .is_over = &scene.is_over,
    };
    scene.command = command_create(&request, error, size);
    return scene.command && command_start(scene.command, error, size);
}

static void start_well(const char *line, enum config_command_end when_it_ends)
{
    char error[512] = "";
    assert_true(start(line, when_it_ends, error, sizeof(error)));
    assert_string_equal(error, "");
}

static off_t file_size(void)
{
    struct stat info;
    assert_int_equal(stat(scene.file, &info), 0);
    return info.st_size;
}

static int run_until_ended(void)
{
    while (scene.ended == 0)
        uv_run(&scene.loop, UV_RUN_ONCE);
    assert_int_equal(scene.ended, 1);
    return scene.status;
}

static void test_an_end_is_reported_as_a_shell_does(void **unused)
{
    start_well("exit 7", CONFIG_COMMAND_EXIT);
    assert_int_equal(run_until_ended(), 7);
    assert_false(command_stop(scene.command));
}

static void test_an_end_by_a_signal(void **unused)
{
    start_well("kill -INT $$", CONFIG_COMMAND_EXIT);
    assert_int_equal(run_until_ended(), 128 + SIGINT);
}

static void test_a_command_that_cannot_start(void **unused)
{
    char error[512] = "";
    const char *words[] = {"/nosuchprogram"};
    const struct config_command config = {.words = {.items = words, .count = 1}};
    const struct command_request request = {
        .loop = &scene.loop,
        .command = &config,
        .rebind = &scene.rebind,
        .program = &scene.program,
        .ended = ended_cb,
        .owner = &scene,
        .is_over = &scene.is_over,
    };
    scene.command = command_create(&request, error, sizeof(error));
    assert_non_null(scene.command);
    assert_false(command_start(scene.command, error, sizeof(error)));
    assert_non_null(strstr(error, "cannot start the command '/nosuchprogram': No such file"));
}

/* Three starts come at once; the next one waits, and command_disable_restart cancels it. */
static void test_respawn_starts_it_again(void **unused)
{
    start_well("echo >>\"$0\"; exit 1", CONFIG_COMMAND_RESPAWN);
    while (file_size() < 3)
        uv_run(&scene.loop, UV_RUN_ONCE);
    assert_int_equal(scene.ended, 0);
    assert_false(scene.is_over);
    command_disable_restart(scene.command);
}

static void test_after_disable_restart_an_end_is_reported(void **unused)
{
    start_well("exit 3", CONFIG_COMMAND_RESPAWN);
    command_disable_restart(scene.command);
    assert_int_equal(run_until_ended(), 3);
}

static void test_ignore_reports_no_end(void **unused)
{
    siginfo_t info;
    start_well("exit 3", CONFIG_COMMAND_IGNORE);
    assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
    while (kill(info.si_pid, 0) == 0)
        uv_run(&scene.loop, UV_RUN_ONCE);
    assert_int_equal(scene.ended, 0);
    assert_true(scene.is_over);
    assert_false(command_stop(scene.command));
}

static void test_stop_terminates_it(void **unused)
{
    start_well("exec sleep 1000", CONFIG_COMMAND_IGNORE);
    assert_true(command_stop(scene.command));
    assert_int_equal(run_until_ended(), 128 + SIGTERM);
}

/* The file has data once the command ignores SIGTERM. */
static void test_kill_ends_what_stop_does_not(void **unused)
{
    start_well("trap '' TERM; echo >\"$0\"; exec sleep 1000", CONFIG_COMMAND_EXIT);
    while (file_size() == 0)
        ;
    assert_true(command_stop(scene.command));
    uv_run(&scene.loop, UV_RUN_NOWAIT);
    assert_int_equal(scene.ended, 0);
    command_kill(scene.command);
    assert_int_equal(run_until_ended(), 128 + SIGKILL);
}

/* As the orphans that a container's first process inherits. */
static void test_other_children_are_reaped(void **unused)
{
    start_well("exec sleep 1000", CONFIG_COMMAND_EXIT);
    pid_t other = fork();
    if (other == 0)
        _exit(0);
    while (kill(other, 0) == 0)
        uv_run(&scene.loop, UV_RUN_ONCE);
    assert_int_equal(scene.ended, 0);
    command_kill(scene.command);
    assert_int_equal(run_until_ended(), 128 + SIGKILL);
}

static void test_without_a_command(void **unused)
{
    command_disable_restart(NULL);
    assert_false(command_stop(NULL));
    command_kill(NULL);
    command_close(NULL);
}

static sem_t is_dead, may_reap;

/* A reload in the thread pool, which waits for a program of its own. */
static void *wait_for_own(void *status)
{
    siginfo_t info;
    pid_t child = fork();
    if (child == 0)
        _exit(3);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    sem_post(&is_dead);
    sem_wait(&may_reap);
    if (waitpid(child, status, 0) != child)
        *(int *)status = -1;
    return NULL;
}

static void test_children_of_other_threads_are_theirs(void **unused)
{
    pthread_t thread;
    int status = 0;
    sem_init(&is_dead, 0, 0);
    sem_init(&may_reap, 0, 0);
    start_well("exec sleep 1000", CONFIG_COMMAND_EXIT);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_own, &status), 0);
    sem_wait(&is_dead);
    raise(SIGCHLD);
    uv_run(&scene.loop, UV_RUN_ONCE);
    sem_post(&may_reap);
    pthread_join(thread, NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_int_equal(scene.ended, 0);
    command_kill(scene.command);
    assert_int_equal(run_until_ended(), 128 + SIGKILL);
}

int main(int argc, char **argv)
{
    (void)argc;
#define TEST(test) cmocka_unit_test_prestate_setup_teardown(test, set_up, tear_down, argv)
    const struct CMUnitTest tests[] = {
        TEST(test_an_end_is_reported_as_a_shell_does),
        TEST(test_an_end_by_a_signal),
        TEST(test_a_command_that_cannot_start),
        TEST(test_respawn_starts_it_again),
        TEST(test_after_disable_restart_an_end_is_reported),
        TEST(test_ignore_reports_no_end),
        TEST(test_stop_terminates_it),
        TEST(test_kill_ends_what_stop_does_not),
        TEST(test_other_children_are_reaped),
        TEST(test_children_of_other_threads_are_theirs),
        TEST(test_without_a_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
