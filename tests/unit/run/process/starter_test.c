/* The starter's children say by their exit status, and into a pipe, what they have got. */
#include "run/process/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/emulator.h"

enum { MANY = 450, LONG = 50000 };
enum { JOB_TELL, JOB_COUNT, JOB_SIGNALS };

/* Writes the text, and whose child this is, into the first descriptor. */
static void tell(const void *owner, const struct starter_order *order)
{
    int fd = order->fds[STDERR_FILENO + 1];
    (void)!write(fd, owner, strlen(owner));
    (void)!write(fd, order->text, order->length);
    _exit(getppid() == (pid_t)strtol(order->text, NULL, 10) ? 42 : 1);
}

/* Are the descriptors, after 0 to 2, the same file under the numbers that the text says? */
static void count(const void *owner, const struct starter_order *order)
{
    struct stat first, other;
    size_t same = 0;
    int fd = (int)strtol(order->text, NULL, 10);
    if (fstat(fd, &first) != 0)
        _exit(1);
    for (size_t i = STDERR_FILENO + 1; i < order->fd_count; i++)
        if (fstat(order->fds[i], &other) == 0 && other.st_ino == first.st_ino &&
            !(fcntl(order->fds[i], F_GETFD) & FD_CLOEXEC))
            same++;
    _exit(same == MANY ? 42 : 2);
}

static void check_signals(const void *owner, const struct starter_order *order)
{
    sigset_t blocked;
    (void)sigprocmask(SIG_SETMASK, NULL, &blocked);
    _exit(sigismember(&blocked, SIGTERM) || signal(SIGTERM, SIG_DFL) == SIG_IGN ? 1 : 42);
}

static const struct starter_job jobs[] = {
    {tell, (char[]){"job: "}}, {count, NULL}, {check_signals, NULL}};

static bool drop(const void *owner, char *error, size_t error_size)
{
    const bool *works = owner;
    snprintf(error, error_size, "%s", *works ? "" : "no such user");
    return *works;
}

static struct starter_setup setup_with(const bool *works)
{
    return (struct starter_setup){
        .jobs = jobs, .job_count = WSL_COUNT(jobs), .drop = drop, .drop_owner = works};
}

static int wait_for(pid_t child)
{
    int status;
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_child_is_ours_and_gets_the_order(void **state)
{
    if (is_emulated_by_qemu())
        skip();
    bool works = true;
    struct starter starter;
    struct starter_setup setup = setup_with(&works);
    int ends[2];
    char text[64], got[128] = "";
    snprintf(text, sizeof(text), "%ld is the parent", (long)getpid());
    assert_true(starter_open(&starter, &setup));
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    for (int i = 0; i < 3; i++) {
        const struct starter_order order = {text, strlen(text), &ends[1], 1};
        assert_int_equal(wait_for(starter_start(&starter, JOB_TELL, &order)), 42);
        ssize_t length = read(ends[0], got, sizeof(got) - 1);
        assert_true(length > 0);
        got[length] = '\0';
        assert_int_equal(strncmp(got, "job: ", 5), 0);
        assert_string_equal(got + 5, text);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], got, 1), 0); /* the starter has kept none */
    close(ends[0]);
    starter_close(&starter);
}

static void many_descriptors_and_a_long_text(void **state)
{
    if (is_emulated_by_qemu())
        skip();
    bool works = true;
    struct starter starter;
    struct starter_setup setup = setup_with(&works);
    static char text[LONG];
    int fds[MANY], before = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(starter_open(&starter, &setup));
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < MANY; i++)
        fds[i] = fcntl(before, F_DUPFD_CLOEXEC, 3);
    int length = snprintf(text, sizeof(text), "%d", fds[7]);
    text[length] = 'x';
    const struct starter_order order = {text, LONG, fds, MANY};
    assert_int_equal(wait_for(starter_start(&starter, JOB_COUNT, &order)), 42);
    for (size_t i = 0; i < MANY; i++)
        close(fds[i]);
    close(before);
    starter_close(&starter);
}

static void signals_reach_the_child_and_not_the_starter(void **state)
{
    if (is_emulated_by_qemu())
        skip();
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM};
    bool works = true;
    struct starter starter;
    struct starter_setup setup = setup_with(&works);
    const struct starter_order order = {.text = ""};
    assert_true(starter_open(&starter, &setup));
    assert_int_equal(wait_for(starter_start(&starter, JOB_SIGNALS, &order)), 42);
    for (size_t i = 0; i < WSL_COUNT(signals); i++)
        assert_int_equal(kill(starter.pid, signals[i]), 0);
    assert_int_equal(wait_for(starter_start(&starter, JOB_SIGNALS, &order)), 42);
    starter_close(&starter);
}

static void privileges_are_dropped_when_asked_for(void **state)
{
    bool works = false;
    char error[100] = "";
    struct starter starter;
    struct starter_setup setup = setup_with(&works);
    assert_true(starter_open(&starter, &setup));
    works = true; /* not in the starter */
    assert_false(starter_drop(&starter, error, sizeof(error)));
    assert_string_equal(error, "no such user");
    starter_close(&starter);
    assert_true(starter_open(&starter, &setup));
    assert_true(starter_drop(&starter, error, sizeof(error)));
    starter_close(&starter);
}

static void a_strange_order_ends_the_starter(void **state)
{
    bool works = true;
    char error[100] = "";
    struct starter starter;
    struct starter_setup setup = setup_with(&works);
    const struct starter_order order = {.text = ""};
    assert_true(starter_open(&starter, &setup));
    assert_int_equal(starter_start(&starter, WSL_COUNT(jobs), &order), -1);
    assert_int_equal(errno, ESRCH);
    assert_int_equal(starter_start(&starter, JOB_SIGNALS, &order), -1);
    assert_int_equal(errno, ESRCH);
    assert_false(starter_drop(&starter, error, sizeof(error)));
    assert_non_null(strstr(error, "does not answer"));
    pid_t pid = starter.pid;
    starter_close(&starter);
    starter_close(&starter);
    assert_int_equal(kill(pid, 0), -1);
}

static void it_ends_with_its_owner(void **state)
{
    bool works = true;
    struct starter_setup setup = setup_with(&works);
    int ends[2], status;
    pid_t pid = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t owner = fork();
    if (owner == 0) {
        struct starter starter;
        bool open = starter_open(&starter, &setup);
        (void)!write(ends[1], &starter.pid, sizeof(starter.pid));
        raise(open ? SIGKILL : SIGTERM);
    }
    close(ends[1]);
    assert_int_equal(waitpid(owner, &status, 0), owner);
    assert_int_equal(WTERMSIG(status), SIGKILL);
    assert_int_equal(read(ends[0], &pid, sizeof(pid)), sizeof(pid));
    assert_true(pid > 0);
    /* The starter has closed the pipe before, so its end is seen by its process alone. */
    for (int i = 0; i < 5000 && kill(pid, 0) == 0; i++) {
        char state_of[64] = "", path[64];
        snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
        FILE *file = fopen(path, "re");
        if (file && fgets(state_of, sizeof(state_of), file) && strstr(state_of, ") Z"))
            i = 5000; /* nobody reaps it here */
        if (file)
            fclose(file);
        struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
        assert_true(i != 4999);
    }
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_is_ours_and_gets_the_order),
        cmocka_unit_test(many_descriptors_and_a_long_text),
        cmocka_unit_test(signals_reach_the_child_and_not_the_starter),
        cmocka_unit_test(privileges_are_dropped_when_asked_for),
        cmocka_unit_test(a_strange_order_ends_the_starter),
        cmocka_unit_test(it_ends_with_its_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
