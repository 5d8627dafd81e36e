#include "run/change/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/change/handover.h"

#define VERSION_MAX 64
#define SAID_MAX    4096
#define FAILURE_MAX 160

struct upgrade {
    struct watch *watch;
    int ready, errors; /* the reading ends of the pipes */
    pid_t child;
    uint64_t timeout_ms;
    uv_timer_t deadline;
    upgrade_cb *callback;
    void *owner;
    char path[128]; /* of the program, for messages */
};

static void closed_cb(uv_handle_t *handle)
{
    free(WSL_CONTAINER(handle, struct upgrade, deadline));
}

static void drop(struct upgrade *upgrade)
{
    watch_close(upgrade->watch);
    close(upgrade->ready);
    close(upgrade->errors);
    uv_close((uv_handle_t *)&upgrade->deadline, closed_cb);
}

/* ---- how it went ---- */

/* 0, or the error of execve, which the child has written behind a NUL (program.h). */
static int execution_error(const char *said, size_t length)
{
    int error = 0;
    if (length == 1 + sizeof(error) && said[0] == '\0')
        memcpy(&error, said + 1, sizeof(error));
    return error;
}

/* Reads what the child has written, as it is, with a NUL behind it; its length. */
static size_t read_errors(const struct upgrade *upgrade, char said[static SAID_MAX])
{
    ssize_t n;
    size_t length = 0;
    while (length < SAID_MAX - 1 &&
           (n = read(upgrade->errors, said + length, SAID_MAX - 1 - length)) > 0)
        length += (size_t)n;
    said[length] = '\0';
    return length;
}

static void make_printable(char *said, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)said[i] < ' ' && said[i] != '\n') || said[i] == 0x7f)
            said[i] = said[i] == '\0' || said[i] == '\t' ? ' ' : '?';
    while (length > 0 && (said[length - 1] == '\n' || said[length - 1] == ' '))
        said[--length] = '\0';
}

/* `status` as of wait(2). `error`: why the program could not be executed; 0: it could. */
static void describe(const struct upgrade *upgrade, bool late, int status, int error, char *failure)
{
    if (error != 0)
        snprintf(failure, FAILURE_MAX + sizeof(upgrade->path), "cannot execute %s: %s",
                 upgrade->path, strerror(error));
    else if (late)
        snprintf(failure, FAILURE_MAX,
                 "process %ld was ended: it timed out after %g s (limits.upgrade_timeout)",
                 (long)upgrade->child, (double)upgrade->timeout_ms / 1000);
    else
        snprintf(failure, FAILURE_MAX, "process %ld ended with %s %d instead of taking over",
                 (long)upgrade->child, WIFEXITED(status) ? "status" : "signal",
                 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static void fail(struct upgrade *upgrade, bool late)
{
    char said[SAID_MAX], failure[FAILURE_MAX + sizeof(upgrade->path)];
    int status = 0;
    /* It has ended, or its time has passed: waitpid does not block after SIGKILL. */
    (void)kill(upgrade->child, SIGKILL);
    (void)waitpid(upgrade->child, &status, 0);
    size_t length = read_errors(upgrade, said);
    int error = execution_error(said, length);
    describe(upgrade, late, status, error, failure);
    if (error != 0)
        length = 0;
    said[length] = '\0';
    make_printable(said, length);
    upgrade_cb *callback = upgrade->callback;
    void *owner = upgrade->owner;
    pid_t child = upgrade->child;
    drop(upgrade);
    callback(owner, &(struct upgrade_outcome){
                        .child = child, .version = "", .failure = failure, .said = said});
}

static void succeed(struct upgrade *upgrade, const char *version)
{
    struct upgrade_outcome outcome = {
        .ready = true, .child = upgrade->child, .version = version, .failure = "", .said = ""};
    upgrade_cb *callback = upgrade->callback;
    void *owner = upgrade->owner;
    signal(SIGCHLD, SIG_IGN); /* if it ends before this process, it must not stay a zombie */
    drop(upgrade);
    callback(owner, &outcome);
}

static void ready_cb(void *owner, unsigned ready)
{
    struct upgrade *upgrade = owner;
    char line[VERSION_MAX + 2];
    (void)ready;
    ssize_t n = read(upgrade->ready, line, sizeof(line) - 1);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) { /* end of file: the child has ended, which closes its end of the pipe */
        fail(upgrade, false);
        return;
    }
    line[n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    make_printable(line, strlen(line));
    succeed(upgrade, line[0] != '\0' && line[1] == ' ' ? line + 2 : "");
}

/* This process may have been stopped, and the child have served long before. */
static void deadline_cb(uv_timer_t *timer)
{
    struct upgrade *upgrade = WSL_CONTAINER(timer, struct upgrade, deadline);
    watch_poll(upgrade->watch);
    if (!uv_is_closing((uv_handle_t *)timer))
        fail(upgrade, true);
}

/* ---- the start ---- */

static pid_t spawn(const struct upgrade_request *request, int ready_fd, int error_fd)
{
    char ready[40], errors[40];
    pid_t child = -1;
    const struct listeners *listeners = request->listeners;
    struct links_offer *links = request->links;
    size_t count = listeners->count;
    struct inherit_socket *sockets = listeners_describe(listeners);
    int *fds = calloc(count + links->count + 2, sizeof(*fds));
    char *described = sockets ? inherit_describe(sockets, count) : NULL;
    snprintf(ready, sizeof(ready), INHERIT_READY "=%d", ready_fd);
    snprintf(errors, sizeof(errors), INHERIT_ERROR "=%d", error_fd);
    char *variables[HANDOVER_VARIABLES] = {described, ready, errors, links->list,
                                           links->generation};
    errno = ENOMEM;
    if (described && links->list && fds) {
        for (size_t i = 0; i < count; i++)
            fds[i] = sockets[i].fd;
        memcpy(fds + count, links->given, links->count * sizeof(*fds));
        count += links->count;
        fds[count++] = ready_fd;
        fds[count++] = error_fd;
        child = handover_start(&(struct handover){.program = request->program,
                                                  .starter = request->starter,
                                                  .starter_job = request->starter_job,
                                                  .variables = variables,
                                                  .fds = fds,
                                                  .fd_count = count,
                                                  .error_fd = error_fd});
    }
    int error = errno;
    free(described);
    free(fds);
    free(sockets);
    errno = error;
    return child;
}

static bool open_pipes(int ready[2], int errors[2])
{
    if (pipe2(ready, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    if (pipe2(errors, O_CLOEXEC | O_NONBLOCK) == 0)
        return true;
    close(ready[0]);
    close(ready[1]);
    return false;
}

struct upgrade *upgrade_start(const struct upgrade_request *request, char *error, size_t error_size)
{
    int ready[2], errors[2];
    struct watch_set *watches = request->listeners->watches;
    struct upgrade *upgrade = calloc(1, sizeof(*upgrade));
    if (!upgrade || !open_pipes(ready, errors)) {
        snprintf(error, error_size, "out of memory or descriptors");
        free(upgrade);
        return NULL;
    }
    *upgrade = (struct upgrade){.ready = ready[0],
                                .errors = errors[0],
                                .timeout_ms = request->timeout_ms,
                                .callback = request->callback,
                                .owner = request->owner};
    snprintf(upgrade->path, sizeof(upgrade->path), "%s", request->program->path);
    upgrade->watch = watch_open(watches, ready[0], WATCH_READ, ready_cb, upgrade);
    errno = ENOMEM;
    upgrade->child = upgrade->watch ? spawn(request, ready[1], errors[1]) : -1;
    int reason = errno;
    close(ready[1]);
    close(errors[1]);
    uv_timer_init(watch_set_loop(watches), &upgrade->deadline);
    if (upgrade->child > 0) {
        uv_timer_start(&upgrade->deadline, deadline_cb, request->timeout_ms, 0);
        return upgrade;
    }
    snprintf(error, error_size, "cannot start %s: %s", upgrade->path, strerror(reason));
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
