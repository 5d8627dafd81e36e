#include "run/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log/log.h"
#include "net/connect/socket_owner.h"
#include "run/command/command_restart.h"

#define CANNOT_EXECUTE 127 /* as a shell says it */
#define BY_SIGNAL      128 /* likewise, plus its number */
#define ERROR_MAX      512

struct command {
    struct command_request request;
    enum config_command_end when_it_ends;
    char **words, **environment;
    uv_signal_t children;
    uv_timer_t timer; /* until the next start, or until SIGKILL */
    int open_handles;
    struct command_restart restart;
    pid_t pid; /* 0: it does not run */
    bool has_group, settled, warned;
};

/* ---- starting ---- */

/*
 * In the child. Threads are gone that may have held any lock: nothing but what signal-safety(7)
 * allows; execvpe is not in its list, but neither of Linux's C libraries allocates there.
 */
static _Noreturn void become(const struct command *wrapped, pid_t parent, int report)
{
    const struct program *program = wrapped->request.program;
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it has ended before it could be said */
        _exit(CANNOT_EXECUTE);
    if (wrapped->has_group)
        (void)setpgid(0, 0);
    (void)setrlimit(RLIMIT_NOFILE, &program->descriptors);
    if (program->directory)
        (void)!chdir(program->directory);
    if (wrapped->request.silent) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        (void)dup2(null, STDOUT_FILENO);
        (void)dup2(null, STDERR_FILENO);
    }
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    execvpe(wrapped->words[0], wrapped->words, wrapped->environment);
    int error = errno;
    (void)!write(report, &error, sizeof(error));
    _exit(CANNOT_EXECUTE);
}

/* The pipe closes as the command begins, or brings why it does not. */
static int outcome_of(int pipe)
{
    int error = 0;
    ssize_t n;
    do
        n = read(pipe, &error, sizeof(error));
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(error) ? error : 0;
}

static bool spawn(struct command *wrapped, char *error, size_t error_size)
{
    int ends[2];
    int failure = 0;
    pid_t parent = getpid(), child = -1;
    command_restart_note(&wrapped->restart, uv_now(wrapped->request.loop));
    if (pipe2(ends, O_CLOEXEC) == 0) {
        child = program_fork();
        if (child == 0)
            become(wrapped, parent, ends[1]);
        failure = errno;
        close(ends[1]);
        if (child > 0)
            failure = outcome_of(ends[0]);
        close(ends[0]);
    } else {
        failure = errno;
    }
    if (child > 0 && failure != 0)
        (void)waitpid(child, NULL, 0);
    if (failure != 0) {
        snprintf(error, error_size, "cannot start the command '%s': %s", wrapped->words[0],
                 strerror(failure));
        return false;
    }
    wrapped->pid = child;
    log_message(REASON_INFO, "process %ld runs the command '%s'", (long)child, wrapped->words[0]);
    return true;
}

/* ---- ending ---- */

static void send_signal(const struct command *wrapped, int number)
{
    (void)kill(wrapped->has_group ? -wrapped->pid : wrapped->pid, number);
}

static void start_again(struct command *wrapped);

static void timer_cb(uv_timer_t *timer)
{
    struct command *wrapped = WSL_CONTAINER(timer, struct command, timer);
    if (wrapped->settled)
        command_kill(wrapped);
    else
        start_again(wrapped);
}

static void start_later(struct command *wrapped)
{
    uint64_t wait = command_restart_wait(&wrapped->restart, uv_now(wrapped->request.loop));
    if (wait > 0 && !wrapped->warned)
        log_message(REASON_WARN, "the command ends too soon after each start; from now on it is "
                                 "started again more slowly");
    wrapped->warned = wait > 0;
    uv_timer_start(&wrapped->timer, timer_cb, wait, 0);
}

static void start_again(struct command *wrapped)
{
    char error[ERROR_MAX];
    if (spawn(wrapped, error, sizeof(error)))
        return;
    log_message(REASON_ERROR, "%s", error);
    start_later(wrapped);
}

static void has_ended(struct command *wrapped, const siginfo_t *info)
{
    bool by_itself = info->si_code == CLD_EXITED;
    log_message(REASON_INFO, "process %ld, the command, ended with %s %d", (long)info->si_pid,
                by_itself ? "status" : "signal", info->si_status);
    wrapped->pid = 0;
    uv_timer_stop(&wrapped->timer);
    if (!wrapped->settled && wrapped->when_it_ends == CONFIG_COMMAND_RESPAWN)
        start_later(wrapped);
    else if (wrapped->settled || wrapped->when_it_ends == CONFIG_COMMAND_EXIT)
        wrapped->request.ended(wrapped->request.owner,
                               info->si_status + (by_itself ? 0 : BY_SIGNAL));
}

/* Whatever has ended, one by one: as a container's first process we inherit orphans. */
static void children_cb(uv_signal_t *handle, int number)
{
    struct command *wrapped = WSL_CONTAINER(handle, struct command, children);
    siginfo_t info = {0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
        bool is_command = info.si_pid == wrapped->pid;
        /* Its number, and so its group's, cannot be anybody else's before it is waited for. */
        if (is_command && (wrapped->settled || wrapped->when_it_ends != CONFIG_COMMAND_IGNORE))
            send_signal(wrapped, SIGTERM);
        (void)waitpid(info.si_pid, NULL, 0);
        if (is_command)
            has_ended(wrapped, &info);
        info.si_pid = 0;
    }
}

void command_settle(struct command *wrapped)
{
    if (!wrapped || wrapped->settled)
        return;
    wrapped->settled = true;
    uv_timer_stop(&wrapped->timer);
}

bool command_stop(struct command *wrapped)
{
    if (!wrapped || wrapped->pid == 0)
        return false;
    command_settle(wrapped);
    send_signal(wrapped, SIGTERM);
    uv_timer_start(&wrapped->timer, timer_cb, WRAPPED_GRACE_MS, 0);
    return true;
}

void command_kill(struct command *wrapped)
{
    if (!wrapped || wrapped->pid == 0)
        return;
    command_settle(wrapped);
    log_message(REASON_WARN, "process %ld, the command, is killed", (long)wrapped->pid);
    send_signal(wrapped, SIGKILL);
}

/* ---- memory ---- */

static void release(struct command *wrapped)
{
    for (size_t i = 0; wrapped->words && wrapped->words[i]; i++)
        free(wrapped->words[i]);
    free(wrapped->words);
    rebind_free_environment(wrapped->environment);
    free(wrapped);
}

static void closed_cb(uv_handle_t *handle)
{
    struct command *wrapped = handle->data;
    if (--wrapped->open_handles == 0)
        release(wrapped);
}

void command_close(struct command *wrapped)
{
    if (!wrapped)
        return;
    uv_close((uv_handle_t *)&wrapped->children, closed_cb);
    uv_close((uv_handle_t *)&wrapped->timer, closed_cb);
}

static bool copy_words(struct command *wrapped, const struct config_texts *words)
{
    wrapped->words = calloc(words->count + 1, sizeof(*wrapped->words));
    for (size_t i = 0; wrapped->words && i < words->count; i++) {
        wrapped->words[i] = strdup(words->items[i]);
        if (!wrapped->words[i])
            return false;
    }
    return wrapped->words != NULL;
}

struct command *command_start(const struct command_request *request, char *error, size_t error_size)
{
    struct command *wrapped = calloc(1, sizeof(*wrapped));
    if (!wrapped || !copy_words(wrapped, &request->command->words)) {
        snprintf(error, error_size, "cannot start the command: out of memory");
        goto fail;
    }
    wrapped->request = *request;
    wrapped->when_it_ends = request->command->when_it_ends;
    wrapped->has_group = !isatty(STDIN_FILENO);
    if (request->rebind->to != 0 && !socket_owner_is_known())
        log_message(REASON_WARN,
                    "this system does not say whose program listens on a port: another "
                    "user of this machine could answer in the command's place before "
                    "it listens");
    wrapped->environment = rebind_environment(request->rebind, error, error_size);
    if (!wrapped->environment)
        goto fail;
    if (uv_signal_init(request->loop, &wrapped->children) != 0) {
        snprintf(error, error_size, "cannot start the command: out of descriptors");
        goto fail;
    }
    uv_timer_init(request->loop, &wrapped->timer);
    wrapped->children.data = wrapped->timer.data = wrapped;
    wrapped->open_handles = 2;
    uv_signal_start(&wrapped->children, children_cb, SIGCHLD);
    if (spawn(wrapped, error, error_size))
        return wrapped;
    command_close(wrapped);
    return NULL;
fail:
    if (wrapped)
        release(wrapped);
    return NULL;
}
