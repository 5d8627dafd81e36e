#include "run/passwd/password_prompt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#define POLL_MS 50 /* how soon a signal is noticed */

/* Byte by byte: what is behind the line is not ours. */
static enum password_prompt read_line(int fd, struct password_typed *typed)
{
    char c = '\0';
    ssize_t n;
    typed->length = 0;
    while ((n = read(fd, &c, 1)) != 0 && c != '\n') {
        if (n < 0 && errno != EINTR)
            return PASSWORD_PROMPT_FAILED;
        if (n > 0 && typed->length == sizeof(typed->bytes))
            return PASSWORD_PROMPT_LONG;
        if (n > 0)
            typed->bytes[typed->length++] = c;
    }
    if (typed->length > 0 && typed->bytes[typed->length - 1] == '\r')
        typed->length--;
    if (typed->length > PASSWORD_MAX)
        return PASSWORD_PROMPT_LONG;
    return typed->length > 0 ? PASSWORD_PROMPT_READ : PASSWORD_PROMPT_NOTHING;
}

/* ---- a terminal ---- */

static sigset_t waiting_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < WSL_COUNT(numbers); i++)
        sigaddset(&set, numbers[i]);
    return set;
}

static bool is_signalled(const sigset_t *signals)
{
    sigset_t pending;
    sigpending(&pending);
    for (int number = 1; number < NSIG; number++)
        if (sigismember(signals, number) == 1 && sigismember(&pending, number) == 1)
            return true;
    return false;
}

/* False: a signal came first, and waits. */
static bool wait_for_line(int fd, const sigset_t *signals)
{
    struct pollfd input = {.fd = fd, .events = POLLIN};
    while (!is_signalled(signals))
        if (poll(&input, 1, POLL_MS) != 0)
            return true;
    return false;
}

/* Asks once. *again: a signal came, and has not ended the process. */
static enum password_prompt ask(int fd, FILE *out, const char *question, bool *again,
                                struct password_typed *typed)
{
    struct termios before, hidden;
    sigset_t signals = waiting_signals(), mask;
    enum password_prompt result = PASSWORD_PROMPT_FAILED;
    *again = false;
    if (tcgetattr(fd, &before) != 0)
        return result;
    hidden = before;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    sigprocmask(SIG_BLOCK, &signals, &mask);
    if (tcsetattr(fd, TCSAFLUSH, &hidden) == 0) {
        fputs(question, out);
        fflush(out);
        *again = !wait_for_line(fd, &signals);
        if (!*again)
            result = read_line(fd, typed);
        int error = errno;
        (void)tcsetattr(fd, TCSAFLUSH, &before);
        fputc('\n', out); /* that of the user was not shown */
        fflush(out);
        errno = error;
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return result;
}

enum password_prompt password_prompt_read(int fd, FILE *out, const char *question,
                                          struct password_typed *typed)
{
    bool again = isatty(fd);
    if (!again)
        return read_line(fd, typed);
    enum password_prompt result = PASSWORD_PROMPT_FAILED;
    while (again)
        result = ask(fd, out, question, &again, typed);
    return result;
}
