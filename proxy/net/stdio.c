#include "net/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/proc.h"

static struct stdio *of(struct transport *transport)
{
    return WSL_CONTAINER(transport, struct stdio, transport);
}

/* ---- descriptors ---- */

/* A description of its own, so that O_NONBLOCK is not shared with other programs. -1: none. */
static int open_again(int fd, int access)
{
    char name[PROC_NAME];
    return open(proc_fd(name, fd), access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void open_side(struct stdio_side *side, int fd, int access)
{
    struct stat facts;
    *side = (struct stdio_side){.given = fd, .fd = fd, .flags = -1};
    if (fstat(fd, &facts) != 0)
        return;
    side->socket = S_ISSOCK(facts.st_mode);
    if (!S_ISFIFO(facts.st_mode) && !S_ISCHR(facts.st_mode))
        return;
    int own = open_again(fd, access);
    if (own >= 0) {
        side->fd = own;
        return;
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && !(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
        side->flags = flags;
}

static void close_side(struct stdio_side *side)
{
    if (side->fd != side->given)
        close(side->fd);
    if (side->flags >= 0)
        (void)fcntl(side->given, F_SETFL, side->flags);
    side->fd = side->given;
    side->flags = -1;
}

/* The number stays taken, so that no other file gets it. */
static void release_given(int fd)
{
    int none = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (none < 0) {
        close(fd);
        return;
    }
    (void)dup3(none, fd, O_CLOEXEC);
    close(none);
}

/* ---- the operations ---- */

static struct io ready(struct transport *transport)
{
    (void)transport;
    return io_status(IO_OK);
}

static struct io fail(struct stdio *stdio)
{
    stdio->error = errno;
    return io_fail(transport_reason(&transport_client, errno));
}

static struct io stdio_read(struct transport *transport, uint8_t *buffer, size_t capacity)
{
    struct stdio *stdio = of(transport);
    const struct stdio_side *in = &stdio->in;
    ssize_t n;
    do
        n = in->socket ? recv(in->fd, buffer, capacity, MSG_DONTWAIT)
                       : read(in->fd, buffer, capacity);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return (struct io){.n = (size_t)n, .status = IO_OK, .drained = (size_t)n < capacity};
    if (n == 0 || errno == EIO) /* EIO: the terminal has hung up */
        return io_status(IO_EOF);
    return errno == EAGAIN ? io_status(IO_WANT_READ) : fail(stdio);
}

static struct io stdio_write(struct transport *transport, const uint8_t *buffer, size_t length)
{
    struct stdio *stdio = of(transport);
    const struct stdio_side *out = &stdio->out;
    ssize_t n;
    do
        n = out->socket ? send(out->fd, buffer, length, MSG_DONTWAIT | MSG_NOSIGNAL)
                        : write(out->fd, buffer, length);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return (struct io){.n = (size_t)n, .status = IO_OK, .blocked = (size_t)n < length};
    return errno == EAGAIN ? io_status(IO_WANT_WRITE) : fail(stdio);
}

static struct io stdio_shutdown(struct transport *transport)
{
    struct stdio *stdio = of(transport);
    if (stdio->out.socket) /* ENOTCONN: the reader has left, with all that was sent to it */
        return shutdown(stdio->out.fd, SHUT_WR) == 0 || errno == ENOTCONN ? io_status(IO_OK)
                                                                          : fail(stdio);
    close_side(&stdio->out);
    release_given(stdio->out.given);
    return io_status(IO_OK);
}

static void stdio_close(struct transport *transport)
{
    close_side(&of(transport)->in);
    close_side(&of(transport)->out);
}

struct transport *stdio_open(struct stdio *stdio, int in, int out)
{
    static const struct transport_ops ops = {
        .handshake = ready,
        .read = stdio_read,
        .write = stdio_write,
        .flush = ready,
        .shutdown = stdio_shutdown,
        .close = stdio_close,
    };
    *stdio = (struct stdio){.transport = {&ops}};
    open_side(&stdio->in, in, O_RDONLY);
    open_side(&stdio->out, out, O_WRONLY);
    return &stdio->transport;
}
