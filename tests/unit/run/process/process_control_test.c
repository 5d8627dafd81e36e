#include "run/process/process_control.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int status_of(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* /proc/self/status says so; other processes are not affected. */
static bool gains_no_privileges(void)
{
    char line[256];
    bool found = false;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && !found && fgets(line, sizeof(line), file))
        found = strcmp(line, "NoNewPrivs:\t1\n") == 0;
    if (file)
        fclose(file);
    return found;
}

static void test_gains_no_privileges(void **state)
{
    pid_t child = fork();
    if (child == 0)
        _exit(!process_control_keep_privileges_off() || !gains_no_privileges());
    assert_int_equal(status_of(child), 0);
}

/* A grandchild waits for its end; the pipe's other end is closed with it. */
static void test_ends_with_its_parent(void **state)
{
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        int ready[2];
        pid_t own = getpid();
        if (pipe(ready) != 0)
            _exit(1);
        if (fork() == 0) {
            close(ready[0]);
            if (!process_control_end_with(own))
                _exit(2);
            close(ready[1]);
            for (;;)
                pause();
        }
        close(ready[1]);
        _exit(read(ready[0], &byte, 1) != 0); /* until the grandchild is prepared */
    }
    close(ends[1]);
    assert_int_equal(status_of(child), 0);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

static void test_a_parent_that_has_ended_is_noticed(void **state)
{
    pid_t child = fork();
    if (child == 0)
        _exit(process_control_end_with(getpid())); /* not its parent */
    assert_int_equal(status_of(child), 0);
}

int main(void)
{
    alarm(30);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gains_no_privileges),
        cmocka_unit_test(test_ends_with_its_parent),
        cmocka_unit_test(test_a_parent_that_has_ended_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
