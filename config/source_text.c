#include "config/source_text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text/secret.h"

enum { READ_STEP = 64 << 10 };

extern char **environ;

/* ---- files ---- */

/* As realloc, and wipes what it frees. */
static char *enlarge(char *text, size_t length, size_t room)
{
    char *more = calloc(1, room + 1);
    if (more && length)
        memcpy(more, text, length);
    secret_free(text, length);
    return more;
}

static char *read_all(int fd, size_t most, size_t *length, const char **why)
{
    char *text = NULL;
    size_t room = 0;
    for (*length = 0;;) {
        if (room - *length < READ_STEP) {
            room = room ? 2 * room : READ_STEP;
            text = enlarge(text, *length, room);
        }
        ssize_t got = text ? read(fd, text + *length, room - *length) : -1;
        if (got == 0)
            return text;
        if (got < 0 || *length + (size_t)got > most) {
            *why = !text                     ? "out of memory"
                   : got < 0                 ? strerror(errno)
                   : most == SOURCE_TEXT_MAX ? "it is larger than 64 KiB"
                                             : "it is larger than 16 MiB";
            secret_free(text, *length + (got > 0 ? (size_t)got : 0));
            return NULL;
        }
        *length += (size_t)got;
    }
}

char *source_text_read(const char *path, size_t most, size_t *length, struct stat *info,
                       const char **why)
{
    /* A FIFO that nobody writes into shall read as empty rather than wait for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, info) < 0 || fcntl(fd, F_SETFL, 0) < 0) {
        *why = strerror(errno);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    char *text = read_all(fd, most, length, why);
    close(fd);
    return text;
}

/* ---- programs ---- */

struct program {
    pid_t pid;
    int fd; /* its output */
    bool reaped;
    uint64_t deadline_ms;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A group of its own, so that its children can be killed with it; 0 or errno. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGHUP);
    int fault = posix_spawnattr_setsigmask(attributes, &none);
    if (!fault)
        fault = posix_spawnattr_setsigdefault(attributes, &defaults);
    if (!fault)
        fault = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    return fault;
}

static int spawn(struct program *program, char *const *words, int output)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int fault = posix_spawn_file_actions_init(&actions);
    if (fault)
        return fault;
    fault = posix_spawnattr_init(&attributes);
    if (fault) {
        posix_spawn_file_actions_destroy(&actions);
        return fault;
    }
    fault = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (!fault)
        fault = posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (!fault)
        fault = set_attributes(&attributes);
    if (!fault)
        fault = words[0]
                    ? posix_spawnp(&program->pid, words[0], &actions, &attributes, words, environ)
                    : ENOENT;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return fault;
}

/* Until its end, or that of its time. False: *why. */
static bool read_output(const struct program *program, char *text, size_t *length, char *why,
                        size_t why_size)
{
    for (*length = 0;;) {
        uint64_t now = now_ms();
        struct pollfd wait = {.fd = program->fd, .events = POLLIN};
        int ready =
            now < program->deadline_ms ? poll(&wait, 1, (int)(program->deadline_ms - now)) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0) {
            snprintf(why, why_size, "it has not ended in time, and is killed");
            return false;
        }
        ssize_t got = read(program->fd, text + *length, SOURCE_TEXT_MAX + 1 - *length);
        if (got == 0)
            return true;
        if (got < 0 && errno == EINTR)
            continue;
        *length += got > 0 ? (size_t)got : 0;
        if (got < 0 || *length > SOURCE_TEXT_MAX) {
            snprintf(why, why_size, "%s", got < 0 ? strerror(errno) : "it prints over 64 KiB");
            return false;
        }
    }
}

/* Its output has ended; it may still run. False: *why. */
static bool wait_end(struct program *program, bool has_output, char *why, size_t why_size)
{
    int status = 0;
    for (;;) {
        pid_t ended = waitpid(program->pid, &status, WNOHANG);
        program->reaped = ended == program->pid;
        if (program->reaped)
            break;
        if (ended < 0 && errno == ECHILD && has_output)
            return true; /* started with SIGCHLD ignored: the kernel reaps, the output must do */
        if (ended < 0 && errno != EINTR) {
            snprintf(why, why_size, "how it has ended is not known: %s", strerror(errno));
            return false;
        }
        if (now_ms() >= program->deadline_ms) {
            snprintf(why, why_size, "it has not ended in time, and is killed");
            return false;
        }
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFEXITED(status))
        snprintf(why, why_size, "it has ended with status %d", WEXITSTATUS(status));
    else
        snprintf(why, why_size, "it was ended by signal %d", WTERMSIG(status));
    return false;
}

static void kill_all(const struct program *program)
{
    kill(-program->pid, SIGKILL);
    kill(program->pid, SIGKILL); /* an emulator may not have made the group yet */
    while (waitpid(program->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static char *run(char *const *words, unsigned timeout_ms, size_t *length, char *why,
                 size_t why_size)
{
    int ends[2];
    struct program program = {.deadline_ms = now_ms() + timeout_ms};
    char *text = calloc(1, SOURCE_TEXT_MAX + 2);
    if (!text || pipe2(ends, O_CLOEXEC) < 0) {
        snprintf(why, why_size, "%s", text ? strerror(errno) : "out of memory");
        free(text);
        return NULL;
    }
    int fault = spawn(&program, words, ends[1]);
    close(ends[1]);
    program.fd = ends[0];
    bool ok = fault == 0;
    if (!ok)
        snprintf(why, why_size, "%s", strerror(fault));
    if (ok) {
        ok = read_output(&program, text, length, why, why_size) &&
             wait_end(&program, *length > 0, why, why_size);
        if (!ok && !program.reaped)
            kill_all(&program);
    }
    close(ends[0]);
    if (ok)
        return text;
    secret_free(text, SOURCE_TEXT_MAX + 1);
    return NULL;
}

char *source_text_run(const char *const *words, size_t count, unsigned timeout_ms, size_t *length,
                      char *why, size_t why_size)
{
    char **list = calloc(count + 1, sizeof(*list)), *text = NULL;
    bool complete = list != NULL;
    for (size_t i = 0; complete && i < count; i++)
        complete = (list[i] = strdup(words[i])) != NULL;
    if (complete)
        text = run(list, timeout_ms, length, why, why_size);
    else
        snprintf(why, why_size, "out of memory");
    for (size_t i = 0; list && i < count; i++)
        free(list[i]);
    free(list);
    return text;
}

/* ---- both ---- */

const char *source_text_trim(char *text, size_t length)
{
    if (memchr(text, '\0', length))
        return "contains a NUL byte";
    if (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    if (length > 0 && text[length - 1] == '\r')
        text[--length] = '\0';
    return NULL;
}
