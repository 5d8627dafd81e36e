#include "run/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log/log.h"
#include "net/connect/socket_owner.h"
#include "run/command/command_restart.h"
#include "run/process/process_control.h"

#define CANNOT_EXECUTE 127 /* as in a shell */
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
    bool has_group, restart_disabled, warned;
};

/* ---- starting ---- */

/*
 * In the child, where threads that may have held a lock do not exist any more: calls only what
 * signal-safety(7) allows. execvpe is not in its list, but neither glibc nor musl allocates there.
 */
static _Noreturn void execute(const struct command *command, pid_t parent, int report)
{
    const struct program *program = command->request.program;
    if (!process_control_end_with(parent))
        _exit(CANNOT_EXECUTE);
    if (command->has_group)
        (void)setpgid(0, 0);
    (void)setrlimit(RLIMIT_NOFILE, &program->descriptors);
    if (program->directory)
        (void)!chdir(program->directory);
    if (command->request.silent) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        (void)dup2(null, STDOUT_FILENO);
        (void)dup2(null, STDERR_FILENO);
    }
    fd_close_range(STDERR_FILENO + 1, ~0U, FD_ON_EXEC);
    execvpe(command->words[0], command->words, command->environment);
    int error = errno;
    (void)!write(report, &error, sizeof(error));
    _exit(CANNOT_EXECUTE);
}

void command_execute(const void *owner, const struct starter_order *order)
{
    char *rest;
    pid_t parent = (pid_t)strtol(order->text, &rest, 10);
    execute(owner, parent, (int)strtol(rest, NULL, 10));
}

static pid_t start_child(const struct command *command, int report)
{
    const struct starter *starter = command->request.starter;
    pid_t parent = getpid();
    if (starter_is_open(starter)) {
        char text[48];
        int length = snprintf(text, sizeof(text), "%ld %d", (long)parent, report);
        const struct starter_order order = {text, (size_t)length, &report, 1};
        return starter_start(starter, command->request.starter_job, &order);
    }
    pid_t child = program_fork();
    if (child == 0)
        execute(command, parent, report);
    return child;
}

/* 0: exec has closed the pipe, the command runs. Otherwise the errno of exec. */
static int wait_for_exec(int pipe)
{
    int error = 0;
    ssize_t n;
    do
        n = read(pipe, &error, sizeof(error));
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(error) ? error : 0;
}

bool command_start(struct command *command, char *error, size_t error_size)
{
    int ends[2];
    int failure = 0;
    pid_t child = -1;
    command_restart_note(&command->restart, uv_now(command->request.loop));
    if (pipe2(ends, O_CLOEXEC) == 0) {
        child = start_child(command, ends[1]);
        failure = errno;
        close(ends[1]);
        if (child > 0)
            failure = wait_for_exec(ends[0]);
        close(ends[0]);
    } else {
        failure = errno;
    }
    if (child > 0 && failure != 0)
        (void)waitpid(child, NULL, 0);
    if (failure != 0) {
        snprintf(error, error_size, "cannot start the command '%s': %s", command->words[0],
                 strerror(failure));
        return false;
    }
    command->pid = child;
    log_message(REASON_INFO, "process %ld runs the command '%s'", (long)child, command->words[0]);
    return true;
}

/* ---- ending ---- */

static void send_signal(const struct command *command, int number)
{
    (void)kill(command->has_group ? -command->pid : command->pid, number);
}

static void start_again(struct command *command);

static void timer_cb(uv_timer_t *timer)
{
    struct command *command = WSL_CONTAINER(timer, struct command, timer);
    if (command->restart_disabled)
        command_kill(command);
    else
        start_again(command);
}

static void start_later(struct command *command)
{
    uint64_t wait = command_restart_wait(&command->restart, uv_now(command->request.loop));
    if (wait > 0 && !command->warned)
        log_message(REASON_WARN, "the command ends soon after each start; from now on it is "
                                 "started again more slowly");
    command->warned = wait > 0;
    uv_timer_start(&command->timer, timer_cb, wait, 0);
}

static void start_again(struct command *command)
{
    char error[ERROR_MAX];
    if (command_start(command, error, sizeof(error)))
        return;
    log_message(REASON_ERROR, "%s", error);
    start_later(command);
}

static void note_end(struct command *command, const siginfo_t *info)
{
    bool by_itself = info->si_code == CLD_EXITED;
    log_message(REASON_INFO, "process %ld, the command, ended with %s %d", (long)info->si_pid,
                by_itself ? "status" : "signal", info->si_status);
    command->pid = 0;
    uv_timer_stop(&command->timer);
    if (!command->restart_disabled && command->when_it_ends == CONFIG_COMMAND_RESPAWN) {
        start_later(command);
        return;
    }
    atomic_store(command->request.is_over, true);
    if (command->restart_disabled || command->when_it_ends == CONFIG_COMMAND_EXIT)
        command->request.ended(command->request.owner,
                               info->si_status + (by_itself ? 0 : BY_SIGNAL));
}

/*
 * Reaps every child of the main thread: a container's first process inherits orphans. Not those of
 * other threads: a reload in the pool waits for the programs that print secrets.
 */
static void children_cb(uv_signal_t *handle, int number)
{
    struct command *command = WSL_CONTAINER(handle, struct command, children);
    siginfo_t info = {0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) == 0 &&
           info.si_pid != 0) {
        bool is_command = info.si_pid == command->pid;
        /* Before it is reaped, no other process or group can have its number. */
        if (is_command &&
            (command->restart_disabled || command->when_it_ends != CONFIG_COMMAND_IGNORE))
            send_signal(command, SIGTERM);
        (void)waitpid(info.si_pid, NULL, 0);
        if (is_command)
            note_end(command, &info);
        info.si_pid = 0;
    }
}

void command_disable_restart(struct command *command)
{
    if (!command || command->restart_disabled)
        return;
    command->restart_disabled = true;
    uv_timer_stop(&command->timer);
}

bool command_stop(struct command *command)
{
    if (!command || command->pid == 0)
        return false;
    command_disable_restart(command);
    send_signal(command, SIGTERM);
    uv_timer_start(&command->timer, timer_cb, COMMAND_GRACE_MS, 0);
    return true;
}

void command_kill(struct command *command)
{
    if (!command || command->pid == 0)
        return;
    command_disable_restart(command);
    log_message(REASON_WARN, "process %ld, the command, is killed", (long)command->pid);
    send_signal(command, SIGKILL);
}

/* ---- memory ---- */

static void release(struct command *command)
{
    for (size_t i = 0; command->words && command->words[i]; i++)
        free(command->words[i]);
    free(command->words);
    rebind_free_environment(command->environment);
    free(command);
}

static void closed_cb(uv_handle_t *handle)
{
    struct command *command = handle->data;
    if (--command->open_handles == 0)
        release(command);
}

void command_close(struct command *command)
{
    if (!command)
        return;
    uv_close((uv_handle_t *)&command->children, closed_cb);
    uv_close((uv_handle_t *)&command->timer, closed_cb);
}

static bool copy_words(struct command *command, const struct config_texts *words)
{
    command->words = calloc(words->count + 1, sizeof(*command->words));
    for (size_t i = 0; command->words && i < words->count; i++) {
        command->words[i] = strdup(words->items[i]);
        if (!command->words[i])
            return false;
    }
    return command->words != NULL;
}

struct command *command_create(const struct command_request *request, char *error,
                               size_t error_size)
{
    struct command *command = calloc(1, sizeof(*command));
    if (!command || !copy_words(command, &request->command->words)) {
        snprintf(error, error_size, "cannot start the command: out of memory");
        goto fail;
    }
    command->request = *request;
    command->when_it_ends = request->command->when_it_ends;
    command->has_group = !isatty(STDIN_FILENO);
    if (request->rebind->to != 0 && !socket_owner_is_known())
        log_message(REASON_WARN,
                    "this system does not tell which user listens on a port: before the "
                    "command listens, another user's program could answer in its place");
    command->environment = rebind_environment(request->rebind, error, error_size);
    if (!command->environment)
        goto fail;
    if (uv_signal_init(request->loop, &command->children) != 0) {
        snprintf(error, error_size, "cannot start the command: out of descriptors");
        goto fail;
    }
    uv_timer_init(request->loop, &command->timer);
    command->children.data = command->timer.data = command;
    command->open_handles = 2;
    uv_signal_start(&command->children, children_cb, SIGCHLD);
    return command;
fail:
    if (command)
        release(command);
    return NULL;
}
