#include "run/process/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log/log.h"

enum { PRIVATE_UMASK = 027 };

static void print_failure(const struct daemon *daemon, const char *what, int error)
{
    fprintf(stderr, "%s: error: cannot go to the background: %s: %s\n", daemon->name, what,
            strerror(error));
}

/* MSG_NOSIGNAL: a launcher that was interrupted must not end the background process. */
static void tell_launcher(struct daemon *daemon, int exit_status)
{
    uint8_t verdict = (uint8_t)exit_status;
    if (daemon->launcher < 0)
        return;
    send(daemon->launcher, &verdict, sizeof(verdict), MSG_NOSIGNAL);
    close(daemon->launcher);
    daemon->launcher = -1;
}

static int wait_for_verdict(const struct daemon *daemon, int background)
{
    uint8_t verdict;
    ssize_t got;
    do
        got = recv(background, &verdict, sizeof(verdict), 0);
    while (got < 0 && errno == EINTR);
    close(background);
    if (got == 1)
        return verdict;
    fprintf(stderr, "%s: error: the background process ended before it was ready\n", daemon->name);
    return EXIT_FAILURE;
}

static void redirect_to_null(int from, int to)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return;
    for (int fd = from; fd <= to; fd++)
        dup2(null, fd);
    if (null > STDERR_FILENO)
        close(null);
}

/* The second fork: a process that is no session leader cannot acquire a terminal. */
static void detach(struct daemon *daemon)
{
    setsid();
    pid_t pid = fork();
    if (pid < 0) {
        print_failure(daemon, "fork", errno);
        tell_launcher(daemon, EXIT_FAILURE);
    }
    if (pid != 0)
        _exit(EXIT_SUCCESS);
    umask(umask(PRIVATE_UMASK) | PRIVATE_UMASK);
    if (chdir("/") < 0) {
        print_failure(daemon, "/", errno);
        tell_launcher(daemon, EXIT_FAILURE);
        _exit(EXIT_FAILURE);
    }
    redirect_to_null(STDIN_FILENO, STDIN_FILENO);
}

static void close_inherited(int keep)
{
    const unsigned first = STDERR_FILENO + 1;
    unsigned kept = keep < 0 ? first : (unsigned)keep;
    if (kept > first)
        fd_close_range(first, kept - 1, FD_NOW);
    fd_close_range(keep < 0 ? first : kept + 1, ~0U, FD_NOW);
}

bool daemon_begin(struct daemon *daemon, int keep, int *exit_status)
{
    int ends[2];
    *exit_status = EXIT_FAILURE;
    daemon->launcher = -1;
    fflush(NULL); /* otherwise both processes write the buffered output */
    close_inherited(keep);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        print_failure(daemon, "socketpair", errno);
        return false;
    }
    pid_t pid = fork();
    if (pid < 0) {
        print_failure(daemon, "fork", errno);
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    if (pid == 0) {
        close(ends[0]);
        daemon->launcher = ends[1];
        detach(daemon);
        return true;
    }
    close(ends[1]);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *exit_status = wait_for_verdict(daemon, ends[0]);
    return false;
}

void daemon_resume(struct daemon *daemon)
{
    daemon->launcher = -1;
    (void)!chdir("/");
}

void daemon_ready(struct daemon *daemon)
{
    (void)log_flush(); /* lines so far are for the user of the launcher */
    redirect_to_null(STDOUT_FILENO, STDERR_FILENO);
    tell_launcher(daemon, EXIT_SUCCESS);
}

void daemon_failed(struct daemon *daemon, int exit_status)
{
    tell_launcher(daemon, exit_status);
}
