/* The successor is a line of sh(1), which checks its environment and says so by its exit status. */
#include "run/change/handover.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/emulator.h"

#define CHECK                                                                                      \
    "test \"$WSLUICE_FDS\" = '5 own a' && test -z \"$WATCHDOG_PID\" && test \"$OTHER\" = kept && " \
    "test \"$WSLUICE_GENERATION\" = 7 && echo x >&$WSLUICE_READY_FD && exit 42; exit 7"

static char shell[] = "sh", option[] = "-c", line[] = CHECK;
static char *words[] = {shell, option, line, NULL};
static const struct program program = {.path = "/bin/sh", .argv = words};
static const struct starter_job job = {handover_execute, &program};

static int run(const struct starter *starter, char *variables[HANDOVER_VARIABLES])
{
    int ends[2], status;
    char ready[40], byte;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    snprintf(ready, sizeof(ready), "WSLUICE_READY_FD=%d", ends[1]);
    variables[1] = ready;
    const struct handover handover = {.program = &program,
                                      .starter = starter,
                                      .variables = variables,
                                      .fds = &ends[1],
                                      .fd_count = 1,
                                      .error_fd = -1};
    pid_t child = handover_start(&handover);
    close(ends[1]);
    assert_true(child > 0);
    bool ready_came = read(ends[0], &byte, 1) == 1;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(ready_came, WEXITSTATUS(status) == 42);
    return WEXITSTATUS(status);
}

static char sockets[] = "WSLUICE_FDS=5 own a", error_fd[] = "WSLUICE_ERROR_FD=-1",
            links[] = "WSLUICE_LINKS=", generation[] = "WSLUICE_GENERATION=7";

static void set_environment(void)
{
    setenv("WATCHDOG_PID", "1", 1);
    setenv("OTHER", "kept", 1);
}

static void the_successor_has_its_variables(void **state)
{
    char *variables[HANDOVER_VARIABLES] = {sockets, NULL, error_fd, links, generation};
    set_environment();
    assert_int_equal(run(NULL, variables), 42);
}

static void a_starter_gives_it_the_same(void **state)
{
    if (is_emulated_by_qemu())
        skip();
    struct starter starter;
    const struct starter_setup setup = {.jobs = &job, .job_count = 1};
    char *variables[HANDOVER_VARIABLES] = {sockets, NULL, error_fd, links, generation};
    set_environment();
    assert_true(starter_open(&starter, &setup));
    setenv("OTHER", "changed later", 1);
    assert_int_equal(run(&starter, variables), 42);
    starter_close(&starter);
}

/* As a process that has been taken over would ask for. */
static void a_starter_takes_no_other_variables(void **state)
{
    if (is_emulated_by_qemu())
        skip();
    char preload[] = "LD_PRELOAD=/tmp/evil.so", path[] = "WSLUICE_FDSX=1";
    char *wrong[] = {preload, path};
    for (size_t i = 0; i < WSL_COUNT(wrong); i++) {
        struct starter starter;
        const struct starter_setup setup = {.jobs = &job, .job_count = 1};
        char *variables[HANDOVER_VARIABLES] = {wrong[i], NULL, error_fd, links, generation};
        assert_true(starter_open(&starter, &setup));
        assert_int_equal(run(&starter, variables), 1);
        variables[0] = sockets, variables[4] = wrong[i];
        assert_int_equal(run(&starter, variables), 1);
        starter_close(&starter);
    }
}

/* A text with more behind it, or less. */
static void a_starter_takes_whole_orders_only(void **state)
{
    if (is_emulated_by_qemu())
        skip();
    static const char *const parts[] = {
        "WSLUICE_FDS=",   "WSLUICE_READY_FD=1",   "WSLUICE_ERROR_FD=-1",
        "WSLUICE_LINKS=", "WSLUICE_GENERATION=7", "LD_PRELOAD=x"};
    struct starter starter;
    const struct starter_setup setup = {.jobs = &job, .job_count = 1};
    assert_true(starter_open(&starter, &setup));
    for (size_t count = 0; count <= WSL_COUNT(parts); count++) {
        char text[200];
        size_t length = 0;
        int status;
        for (size_t i = 0; i < count; i++)
            length += (size_t)snprintf(text + length, sizeof(text) - length, "%s", parts[i]) + 1;
        pid_t child =
            starter_start(&starter, 0, &(struct starter_order){.text = text, .length = length});
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        /* A whole order gets as far as the shell, whose test of the variables fails. */
        assert_int_equal(WEXITSTATUS(status), count == HANDOVER_VARIABLES ? 7 : 1);
    }
    starter_close(&starter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_successor_has_its_variables),
        cmocka_unit_test(a_starter_gives_it_the_same),
        cmocka_unit_test(a_starter_takes_no_other_variables),
        cmocka_unit_test(a_starter_takes_whole_orders_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
