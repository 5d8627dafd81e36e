#include "run/process/daemon.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs in the background process, after daemon_begin. */
typedef void background_fn(struct daemon *daemon, const char *file);

/* Runs a launcher in a child; its standard error goes to `said`. Returns its exit status. */
static int launch(background_fn *background, const char *file, char *said, size_t room)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        struct daemon daemon = {.name = "websockify"};
        int status;
        if (daemon_begin(&daemon, -1, &status)) {
            background(&daemon, file);
            _exit(77);
        }
        _exit(status);
    }
    close(ends[1]);
    size_t used = 0;
    for (ssize_t got = 1; got > 0 && used + 1 < room; used += got > 0 ? (size_t)got : 0)
        got = read(ends[0], said + used, room - 1 - used);
    said[used] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The ready process checks itself, and writes the file only if all is as expected. */
static void becomes_ready(struct daemon *daemon, const char *file)
{
    fputs("said before\n", stderr);
    daemon_ready(daemon);
    fputs("said after\n", stderr);
    char directory[8], byte;
    bool well = getcwd(directory, sizeof(directory)) && strcmp(directory, "/") == 0 &&
                getsid(0) != getpid() && read(STDIN_FILENO, &byte, 1) == 0 &&
                (umask(0) & 027) == 027 && daemon->launcher == -1 && close(3) < 0;
    umask(0);
    FILE *stream = well ? fopen(file, "w") : NULL;
    if (stream) {
        fprintf(stream, "%d", (int)getpid());
        fclose(stream);
    }
}

static void fails(struct daemon *daemon, const char *file)
{
    fputs("port in use\n", stderr);
    daemon_failed(daemon, 3);
}

static void dies(struct daemon *daemon, const char *file)
{
    raise(SIGKILL);
}

static void ready_lets_the_launcher_succeed(void **state)
{
    char file[] = "/tmp/wsluice-daemon-XXXXXX", said[256];
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(launch(becomes_ready, file, said, sizeof(said)), 0);
    assert_string_equal(said, "said before\n");
    struct stat info = {0};
    for (int i = 0; i < 500 && info.st_size == 0; i++) {
        usleep(10000);
        assert_int_equal(stat(file, &info), 0);
    }
    unlink(file);
    assert_true(info.st_size > 0);
}

static void failure_reaches_the_launcher(void **state)
{
    char said[256];
    assert_int_equal(launch(fails, NULL, said, sizeof(said)), 3);
    assert_string_equal(said, "port in use\n");
}

static void a_sudden_death_is_a_failure(void **state)
{
    char said[256];
    assert_int_equal(launch(dies, NULL, said, sizeof(said)), 1);
    assert_non_null(
        strstr(said, "websockify: error: the background process ended before it was ready"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ready_lets_the_launcher_succeed),
        cmocka_unit_test(failure_reaches_the_launcher),
        cmocka_unit_test(a_sudden_death_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
