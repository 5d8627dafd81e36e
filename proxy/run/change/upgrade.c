#include "run/change/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log/log.h"

extern char **environ;

struct upgrade {
    struct watch *watch;
    int pipe; /* the reading end */
    pid_t child;
    uv_timer_t deadline;
    upgrade_cb *callback;
    void *owner;
};

static void closed_cb(uv_handle_t *handle)
{
    free(WSL_CONTAINER(handle, struct upgrade, deadline));
}

static void drop(struct upgrade *upgrade)
{
    watch_close(upgrade->watch);
    close(upgrade->pipe);
    uv_close((uv_handle_t *)&upgrade->deadline, closed_cb);
}

static void finish(struct upgrade *upgrade, bool ready)
{
    pid_t child = upgrade->child;
    int status = 0;
    if (ready) {
        signal(SIGCHLD, SIG_IGN); /* if it ends before this process, it must not stay a zombie */
    } else {
        /* It has ended, or its time has passed: waitpid does not block after SIGKILL. */
        (void)kill(child, SIGKILL);
        (void)waitpid(child, &status, 0);
    }
    drop(upgrade);
    upgrade->callback(upgrade->owner, ready, child, status);
}

static void deadline_cb(uv_timer_t *timer)
{
    finish(WSL_CONTAINER(timer, struct upgrade, deadline), false);
}

static void pipe_cb(void *owner, unsigned ready)
{
    struct upgrade *upgrade = owner;
    char byte;
    (void)ready;
    ssize_t n = read(upgrade->pipe, &byte, 1);
    if (n < 0 && errno == EAGAIN)
        return;
    /* End of file: the child has ended, which closes its end of the pipe. */
    finish(upgrade, n == 1);
}

/*
 * This process's environment and two more variables. WATCHDOG_PID names this process; without it
 * WATCHDOG_USEC holds for any.
 */
static char **environment_with(char *fds, char *ready)
{
    static const char dropped[] = "WATCHDOG_PID=";
    size_t count = 0, used = 0;
    while (environ[count])
        count++;
    char **environment = calloc(count + 3, sizeof(*environment));
    for (size_t i = 0; environment && i < count; i++)
        if (strncmp(environ[i], dropped, sizeof(dropped) - 1) != 0)
            environment[used++] = environ[i];
    if (!environment)
        return NULL;
    environment[used] = fds;
    environment[used + 1] = ready;
    return environment;
}

static pid_t spawn(const struct program *program, const struct listeners *listeners, int ready_fd)
{
    char ready[40];
    pid_t child = -1;
    struct inherit_socket *sockets = listeners_describe(listeners);
    int *fds = calloc(listeners->count + 1, sizeof(*fds));
    char *described = sockets ? inherit_describe(sockets, listeners->count) : NULL;
    snprintf(ready, sizeof(ready), "WSLUICE_READY_FD=%d", ready_fd);
    char **environment = described ? environment_with(described, ready) : NULL;
    if (environment && fds) {
        for (size_t i = 0; i < listeners->count; i++)
            fds[i] = sockets[i].fd;
        fds[listeners->count] = ready_fd;
        child = program_start(program, environment, fds, listeners->count + 1);
    }
    free(environment);
    free(described);
    free(fds);
    free(sockets);
    return child;
}

struct upgrade *upgrade_start(const struct program *program, const struct listeners *listeners,
                              uint64_t timeout_ms, upgrade_cb *callback, void *owner, char *error,
                              size_t error_size)
{
    int ends[2];
    struct upgrade *upgrade = calloc(1, sizeof(*upgrade));
    if (!upgrade || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        snprintf(error, error_size, "out of memory or descriptors");
        free(upgrade);
        return NULL;
    }
    *upgrade = (struct upgrade){.pipe = ends[0], .callback = callback, .owner = owner};
    upgrade->watch = watch_open(listeners->watches, ends[0], WATCH_READ, pipe_cb, upgrade);
    upgrade->child = upgrade->watch ? spawn(program, listeners, ends[1]) : -1;
    close(ends[1]);
    uv_timer_init(watch_set_loop(listeners->watches), &upgrade->deadline);
    if (upgrade->child > 0) {
        uv_timer_start(&upgrade->deadline, deadline_cb, timeout_ms, 0);
        return upgrade;
    }
    snprintf(error, error_size, "cannot start %s: %s", program->path, strerror(errno));
    drop(upgrade);
    return NULL;
}

pid_t upgrade_child(const struct upgrade *upgrade)
{
    return upgrade->child;
}

void upgrade_cancel(struct upgrade *upgrade)
{
    (void)kill(upgrade->child, SIGTERM);
    drop(upgrade);
}

void upgrade_log_failure(pid_t child, int status)
{
    bool ended = WIFEXITED(status);
    log_message(REASON_ERROR,
                "process %ld ended with %s %d instead of taking over; this one goes on; try "
                "'wsluice check'",
                (long)child, ended ? "status" : "signal",
                ended ? WEXITSTATUS(status) : WTERMSIG(status));
}
