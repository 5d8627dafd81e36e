#include "run/process/program.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <unistd.h>

#define CANNOT_EXECUTE 127 /* as in a shell */

static size_t count_of(char *const *list)
{
    size_t count = 0;
    while (list[count])
        count++;
    return count;
}

/* The kernel puts the arguments behind each other. */
static void find_title(struct program *program, char *const *argv)
{
    char *end = argv[0];
    for (size_t i = 0; argv[i] && argv[i] == end; i++)
        end += strlen(argv[i]) + 1;
    program->title = argv[0];
    program->title_size = argv[0] ? (size_t)(end - argv[0]) : 0;
}

void program_set_title(const struct program *program, const char *title)
{
    if (program->title_size == 0)
        return;
    memset(program->title, 0, program->title_size);
    snprintf(program->title, program->title_size, "%s", title);
}

bool program_remember(struct program *program, char *const *argv)
{
    size_t count = count_of(argv);
    *program = (struct program){
        .path =
            (const char *)(uintptr_t)getauxval(AT_EXECFN), /* NOLINT: a pointer from the kernel */
        .directory = getcwd(NULL, 0),
        .argv = calloc(count + 1, sizeof(*program->argv)),
    };
    (void)getrlimit(RLIMIT_NOFILE, &program->descriptors);
    find_title(program, argv);
    for (size_t i = 0; program->argv && i < count; i++) {
        program->argv[i] = strdup(argv[i]);
        if (!program->argv[i])
            break;
    }
    if (program->argv && count_of(program->argv) == count)
        return true;
    program_free(program);
    return false;
}

void program_reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    (void)pthread_sigmask(SIG_SETMASK, &none, NULL);
}

pid_t program_fork(void)
{
    sigset_t all, before;
    sigfillset(&all);
    /* A signal handler that ran in the child would write into the parent's signal pipe. */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0) {
        program_reset_signals();
        return 0;
    }
    int error = errno;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return child;
}

/*
 * In the child, where threads that may have held a lock do not exist any more: calls only what
 * signal-safety(7) allows.
 */
void program_execute(const struct program *program, const struct program_start *start)
{
    char failure[1 + sizeof(int)] = "";
    for (size_t i = 0; i < start->fd_count; i++)
        (void)fcntl(start->fds[i], F_SETFD, 0);
    if (program->directory)
        (void)!chdir(program->directory); /* on failure, an absolute path still works */
    execve(program->path, program->argv, start->environment);
    int error = errno;
    memcpy(failure + 1, &error, sizeof(error));
    if (start->error_fd >= 0)
        (void)!write(start->error_fd, failure, sizeof(failure));
    _exit(CANNOT_EXECUTE);
}

pid_t program_start(const struct program *program, const struct program_start *start)
{
    pid_t child = program_fork();
    if (child == 0)
        program_execute(program, start);
    return child;
}

void program_free(struct program *program)
{
    for (size_t i = 0; program->argv && program->argv[i]; i++)
        free(program->argv[i]);
    free(program->argv);
    free(program->directory);
    *program = (struct program){0};
}
