/* The program starts itself: the child checks what it got, and says so by its exit status. */
#include "run/process/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CHILD "WSLUICE_TEST_CHILD" /* "KEPT CLOSED": two descriptors */

enum { AS_EXPECTED = 42 };

static int check_child(const char *descriptors)
{
    sigset_t blocked;
    char *end, directory[64];
    int kept = (int)strtol(descriptors, &end, 10), closed = (int)strtol(end, NULL, 10);
    if (fcntl(kept, F_GETFD) < 0 || fcntl(closed, F_GETFD) >= 0)
        return 1;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    if (sigismember(&blocked, SIGTERM) || signal(SIGPIPE, SIG_DFL) == SIG_IGN)
        return 2;
    return getcwd(directory, sizeof(directory)) && strcmp(directory, "/tmp") == 0 ? AS_EXPECTED : 3;
}

static int wait_for(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static char self[PATH_MAX]; /* this test; /proc/self/exe would be a tool that runs it */

static void test_a_child_gets_what_the_program_was_started_with(void **arguments)
{
    char variable[64], *environment[] = {variable, NULL};
    sigset_t terminate, before;
    struct program program;
    int kept = open("/dev/null", O_RDONLY | O_CLOEXEC), closed = fcntl(kept, F_DUPFD_CLOEXEC, 0);
    assert_int_equal(chdir("/tmp"), 0);
    assert_true(program_remember(&program, *arguments));
    assert_string_equal(program.argv[0], (*(char ***)arguments)[0]);
    assert_ptr_not_equal(program.argv[0], (*(char ***)arguments)[0]);
    assert_int_equal(chdir("/"), 0);
    program.path = self;

    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &terminate, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    snprintf(variable, sizeof(variable), CHILD "=%d %d", kept, closed);
    assert_int_equal(
        wait_for(program_start(&program, &(struct program_start){environment, &kept, 1, -1})),
        AS_EXPECTED);
    /* The caller's own signals are as they were. */
    assert_ptr_equal(signal(SIGPIPE, SIG_DFL), SIG_IGN);
    (void)pthread_sigmask(SIG_UNBLOCK, &terminate, &before);
    assert_true(sigismember(&before, SIGTERM));
    program_free(&program);
    close(kept);
    close(closed);
}

static void test_a_program_that_cannot_be_executed(void **arguments)
{
    char *environment[] = {NULL};
    struct program program;
    assert_true(program_remember(&program, *arguments));
    program.path = "/nosuchprogram";
    int ends[2], error = 0;
    char failure[1 + sizeof(error)];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const struct program_start start = {environment, &ends[1], 1, ends[1]};
    assert_int_equal(wait_for(program_start(&program, &start)), 127);
    assert_int_equal(read(ends[0], failure, sizeof(failure)), sizeof(failure));
    memcpy(&error, failure + 1, sizeof(error));
    assert_int_equal(failure[0], 0);
    assert_int_equal(error, ENOENT);
    close(ends[0]);
    close(ends[1]);
    program_free(&program);
}

/* As the kernel puts them: behind each other. One that does not follow is not of the title. */
static void test_a_title_takes_the_place_of_the_arguments(void **unused)
{
    char memory[] = "/bin/x\0--key-password\0secret\0.", elsewhere[] = "unchanged";
    char *words[] = {memory, memory + 7, memory + 22, elsewhere, NULL};
    struct program program;
    assert_true(program_remember(&program, words));
    assert_int_equal(program.title_size, 29);
    program_set_title(&program, "starter");
    assert_memory_equal(memory, "starter\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0.", 30);
    assert_string_equal(elsewhere, "unchanged");
    assert_string_equal(program.argv[2], "secret");
    program_set_title(&program, "a title that is longer than what there is");
    assert_string_equal(memory, "a title that is longer than ");
    program_free(&program);

    char *none[] = {NULL};
    assert_true(program_remember(&program, none));
    program_set_title(&program, "x");
    program_free(&program);
}

int main(int argc, char **argv)
{
    (void)argc;
    const char *descriptors = getenv(CHILD);
    if (descriptors)
        return check_child(descriptors);
    if (!realpath(argv[0], self))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_a_child_gets_what_the_program_was_started_with, argv),
        cmocka_unit_test_prestate(test_a_program_that_cannot_be_executed, argv),
        cmocka_unit_test(test_a_title_takes_the_place_of_the_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
