#include "run/process/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "run/process/process_control.h"

#define TEXT_MAX   ((size_t)1 << 20)
#define PIECE      ((size_t)16 << 10)
#define FDS_MAX    ((size_t)1 << 20)
#define BATCH      ((size_t)200) /* the kernel takes 253 at a time */
#define WAIT_S     20            /* for a starter that is stopped */
#define STACK_SIZE ((size_t)256 << 10)
#define ERROR_MAX  512

/* An order for a job; this one drops privileges. */
#define DROP UINT32_MAX

struct head {
    uint32_t job, length, fd_count;
};

struct answer {
    int64_t pid;
    int32_t error;
    char text[ERROR_MAX];
};

/* ---- messages ---- */

static bool send_piece(int socket, const void *bytes, size_t length, const int *fds, size_t count)
{
    struct iovec part = {without_const(bytes), length}; /* sendmsg only reads */
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(BATCH * sizeof(int))] = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        *rights = (struct cmsghdr){.cmsg_len = CMSG_LEN(count * sizeof(int)),
                                   .cmsg_level = SOL_SOCKET,
                                   .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
    }
    ssize_t sent;
    do
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)length;
}

/* The bytes received, and into `fds` the descriptors; -1: an error, or more than fit. */
static ssize_t receive_piece(int socket, void *bytes, size_t size, int *fds, size_t count)
{
    struct iovec part = {bytes, size};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(BATCH * sizeof(int))];
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    ssize_t got;
    do
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    const struct cmsghdr *rights = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    size_t came = rights ? (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
    if (got < 0 || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || came != count)
        return -1;
    if (came > 0)
        memcpy(fds, CMSG_DATA(rights), came * sizeof(int));
    return got;
}

static bool receive_all(int socket, void *bytes, size_t size)
{
    return receive_piece(socket, bytes, size, NULL, 0) == (ssize_t)size;
}

/* ---- the child ---- */

struct child {
    const struct starter_job *job;
    struct starter_order order;
    int *wanted, *given; /* the numbers here, and those of this process; fd_count of each */
};

/* First above all numbers that are wanted, so that none is overwritten before it is moved. */
static bool place(const struct child *child)
{
    int highest = STDERR_FILENO;
    for (size_t i = 0; i < child->order.fd_count; i++)
        if (child->wanted[i] > highest)
            highest = child->wanted[i];
    for (size_t i = 0; i < child->order.fd_count; i++) {
        child->given[i] = fcntl(child->given[i], F_DUPFD_CLOEXEC, highest + 1);
        if (child->given[i] < 0)
            return false;
    }
    for (size_t i = 0; i < child->order.fd_count; i++)
        if (dup2(child->given[i], child->wanted[i]) < 0)
            return false;
    return true;
}

static int run_child(void *argument)
{
    const struct child *child = argument;
    program_reset_signals();
    if (place(child))
        child->job->run(child->job->owner, &child->order);
    _exit(127);
}

/* ---- the starter ---- */

struct server {
    const struct starter_setup *setup;
    int socket;
    char *stack;
};

static bool receive_text(int socket, char *text, size_t length)
{
    for (size_t done = 0; done < length;) {
        size_t piece = size_min(length - done, PIECE);
        if (!receive_all(socket, text + done, piece))
            return false;
        done += piece;
    }
    return true;
}

/* Closes what it has got if it cannot get all. */
static bool receive_fds(int socket, int *wanted, int *given, size_t count)
{
    for (size_t done = 0; done < count;) {
        size_t batch = size_min(count - done, BATCH), size = batch * sizeof(int);
        if (receive_piece(socket, wanted + done, size, given + done, batch) != (ssize_t)size)
            return false;
        done += batch;
    }
    return true;
}

static void start(const struct server *server, const struct head *head, struct child *child,
                  struct answer *answer)
{
    child->job = &server->setup->jobs[head->job];
    answer->pid = clone(run_child, server->stack + STACK_SIZE, CLONE_PARENT | SIGCHLD, child);
    answer->error = answer->pid < 0 ? errno : 0;
}

/* False: the order is none of ours, so the process that sent it is not to be served. */
static bool take_order(const struct server *server, const struct head *head, struct answer *answer)
{
    if (head->job >= server->setup->job_count || head->length > TEXT_MAX ||
        head->fd_count > FDS_MAX)
        return false;
    char *text = calloc(1, head->length + 1);
    int *numbers = calloc(2 * (size_t)head->fd_count + 1, sizeof(int));
    struct child child = {.order = {text, head->length, numbers, head->fd_count},
                          .wanted = numbers,
                          .given = numbers ? numbers + head->fd_count : NULL};
    bool whole = text && numbers && receive_text(server->socket, text, head->length) &&
                 receive_fds(server->socket, numbers, child.given, head->fd_count);
    if (whole)
        start(server, head, &child, answer);
    for (size_t i = 0; whole && i < head->fd_count; i++)
        close(child.given[i]);
    free(numbers);
    free(text);
    return whole;
}

static void serve(const struct server *server)
{
    struct head head;
    while (receive_all(server->socket, &head, sizeof(head))) {
        struct answer answer = {0};
        if (head.job == DROP) {
            bool dropped = server->setup->drop(server->setup->drop_owner, answer.text, ERROR_MAX);
            answer.error = dropped ? 0 : EPERM;
        } else if (!take_order(server, &head, &answer)) {
            return;
        }
        if (!send_piece(server->socket, &answer, sizeof(answer), NULL, 0))
            return;
    }
}

/* 0, 1 and 2 of an order come with it; the starter's own lead nowhere. */
static void leave_descriptors(int keep)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd);
    fd_close_range(STDERR_FILENO + 1, (unsigned)keep - 1, FD_NOW);
    fd_close_range((unsigned)keep + 1, ~0U, FD_NOW);
}

static _Noreturn void run_starter(int socket, const struct starter_setup *setup)
{
    static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1,
                                  SIGUSR2, SIGPIPE, SIGALRM, SIGTERM};
    struct server server = {setup, socket, malloc(STACK_SIZE)};
    for (size_t i = 0; i < WSL_COUNT(ignored); i++)
        (void)signal(ignored[i], SIG_IGN);
    process_control_name(STARTER_NAME);
    if (setup->program)
        program_set_title(setup->program, STARTER_NAME);
    leave_descriptors(socket);
    if (server.stack)
        serve(&server);
    _exit(0);
}

/* ---- this process ---- */

bool starter_open(struct starter *starter, const struct starter_setup *setup)
{
    int ends[2];
    const struct timeval wait = {.tv_sec = WAIT_S};
    *starter = (struct starter){.fd = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    (void)setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    (void)setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    starter->pid = program_fork();
    if (starter->pid == 0) {
        close(ends[0]);
        run_starter(ends[1], setup);
    }
    close(ends[1]);
    starter->fd = ends[0];
    if (starter->pid > 0)
        return true;
    starter_close(starter);
    return false;
}

/* After a failure it gets no further order: its answer to this one could come later. */
static bool give_up(const struct starter *starter)
{
    (void)shutdown(starter->fd, SHUT_RDWR);
    errno = ESRCH;
    return false;
}

static bool get_answer(const struct starter *starter, struct answer *answer)
{
    if (!receive_all(starter->fd, answer, sizeof(*answer)))
        return give_up(starter);
    errno = answer->error;
    return answer->error == 0;
}

bool starter_drop(const struct starter *starter, char *error, size_t error_size)
{
    const struct head head = {.job = DROP};
    struct answer answer = {0};
    if (send_piece(starter->fd, &head, sizeof(head), NULL, 0) && get_answer(starter, &answer))
        return true;
    answer.text[ERROR_MAX - 1] = '\0';
    snprintf(error, error_size, "%s",
             answer.text[0] ? answer.text
                            : "the process that is to start programs does not answer");
    return false;
}

static bool send_order(const struct starter *starter, const struct head *head, const char *text,
                       const int *fds)
{
    bool ok = send_piece(starter->fd, head, sizeof(*head), NULL, 0);
    for (size_t done = 0; ok && done < head->length; done += PIECE)
        ok = send_piece(starter->fd, text + done, size_min(head->length - done, PIECE), NULL, 0);
    for (size_t done = 0; ok && done < head->fd_count; done += BATCH) {
        size_t batch = size_min(head->fd_count - done, BATCH);
        ok = send_piece(starter->fd, fds + done, batch * sizeof(int), fds + done, batch);
    }
    return ok || give_up(starter);
}

pid_t starter_start(const struct starter *starter, size_t job, const struct starter_order *order)
{
    struct head head = {.job = (uint32_t)job, .length = (uint32_t)order->length};
    struct answer answer = {0};
    int *fds = calloc(order->fd_count + STDERR_FILENO + 1, sizeof(int));
    if (!fds)
        return -1;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        fds[head.fd_count++] = fd;
    for (size_t i = 0; i < order->fd_count; i++)
        fds[head.fd_count++] = order->fds[i];
    bool started = send_order(starter, &head, order->text, fds) && get_answer(starter, &answer);
    int error = errno;
    free(fds);
    errno = error;
    return started ? (pid_t)answer.pid : -1;
}

void starter_close(struct starter *starter)
{
    if (!starter_is_open(starter))
        return;
    close(starter->fd);
    starter->fd = -1;
    if (starter->pid > 0)
        while (waitpid(starter->pid, NULL, 0) < 0 && errno == EINTR)
            ;
}
