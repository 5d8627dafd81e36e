#include "run/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/inherit.h"

extern char **environ;

struct upgrade {
    struct watch *watch;
    int pipe; /* the reading end */
    pid_t child;
    upgrade_cb *callback;
    void *owner;
};

static void drop(struct upgrade *upgrade)
{
    watch_close(upgrade->watch);
    close(upgrade->pipe);
    free(upgrade);
}

static void pipe_cb(void *owner, unsigned ready)
{
    struct upgrade *upgrade = owner;
    char byte;
    (void)ready;
    ssize_t n = read(upgrade->pipe, &byte, 1);
    if (n < 0 && errno == EAGAIN)
        return;
    pid_t child = upgrade->child;
    upgrade_cb *callback = upgrade->callback;
    void *who = upgrade->owner;
    drop(upgrade);
    if (n != 1)
        (void)waitpid(child, NULL, WNOHANG);
    callback(who, n == 1, child);
}

/*
 * In the child, between fork and exec: only what is safe there. Signals that libuv or we have
 * blocked or ignored are as a new program expects them.
 */
static void become(char *const *argv, char *const *environment, const int *fds, size_t count,
                   int ready_fd)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    for (size_t i = 0; i < count; i++)
        fcntl(fds[i], F_SETFD, 0);
    fcntl(ready_fd, F_SETFD, 0);
    execvpe(argv[0], argv, environment);
    _exit(127);
}

/* Our environment and two variables more; malloc'd as one array, borrowed texts. */
static char **environment_with(char *fds, char *ready)
{
    size_t count = 0;
    while (environ[count])
        count++;
    char **environment = calloc(count + 3, sizeof(*environment));
    if (!environment)
        return NULL;
    memcpy(environment, environ, count * sizeof(*environment));
    environment[count] = fds;
    environment[count + 1] = ready;
    return environment;
}

static pid_t spawn(char *const *argv, const struct doors *doors, int ready_fd)
{
    int *fds = NULL;
    const char **names = NULL;
    char ready[40];
    pid_t child = -1;
    if (!doors_describe(doors, &fds, &names))
        return -1;
    snprintf(ready, sizeof(ready), "WSLUICE_READY_FD=%d", ready_fd);
    char *described = inherit_describe(fds, names, doors->count);
    char **environment = described ? environment_with(described, ready) : NULL;
    if (environment)
        child = fork();
    if (child == 0)
        become(argv, environment, fds, doors->count, ready_fd);
    free(environment);
    free(described);
    free(names);
    free(fds);
    return child;
}

struct upgrade *upgrade_start(char *const *argv, const struct doors *doors, upgrade_cb *callback,
                              void *owner, char *error, size_t error_size)
{
    int ends[2];
    struct upgrade *upgrade = calloc(1, sizeof(*upgrade));
    if (!upgrade || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        snprintf(error, error_size, "out of memory or descriptors");
        free(upgrade);
        return NULL;
    }
    *upgrade = (struct upgrade){.pipe = ends[0], .callback = callback, .owner = owner};
    upgrade->watch = watch_open(doors->watches, ends[0], WATCH_READ, pipe_cb, upgrade);
    upgrade->child = upgrade->watch ? spawn(argv, doors, ends[1]) : -1;
    close(ends[1]);
    if (upgrade->child > 0)
        return upgrade;
    snprintf(error, error_size, "cannot start %s: %s", argv[0], strerror(errno));
    drop(upgrade);
    return NULL;
}

void upgrade_cancel(struct upgrade *upgrade)
{
    if (upgrade)
        drop(upgrade);
}
