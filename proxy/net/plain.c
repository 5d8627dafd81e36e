#include "net/plain.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/duct_pool.h"

/* A splice that moved less has emptied its source, or nearly: then waiting for it is as good. */
#define SPLICE_SOME ((size_t)32 * 1024)

static struct plain *of(struct transport *transport)
{
    return WSL_CONTAINER(transport, struct plain, transport);
}

static struct io ready(struct transport *transport)
{
    (void)transport;
    return io_status(IO_OK);
}

static struct io plain_read(struct transport *transport, uint8_t *buffer, size_t capacity)
{
    struct plain *plain = of(transport);
    ssize_t n;
    do
        n = recv(plain->fd, buffer, capacity, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return (struct io){.n = (size_t)n, .status = IO_OK, .drained = (size_t)n < capacity};
    if (n == 0)
        return io_status(IO_EOF);
    if (errno == EAGAIN)
        return io_status(IO_WANT_READ);
    return io_fail(transport_reason(&plain->side, errno));
}

/* One send of these bytes. */
static struct io put(struct transport *transport, const uint8_t *buffer, size_t length, int flags)
{
    struct plain *plain = of(transport);
    ssize_t n;
    do
        n = send(plain->fd, buffer, length, MSG_NOSIGNAL | flags);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return (struct io){.n = (size_t)n, .status = IO_OK, .blocked = (size_t)n < length};
    if (errno == EAGAIN)
        return io_status(IO_WANT_WRITE);
    return io_fail(transport_reason(&plain->side, errno));
}

static struct io plain_write(struct transport *transport, const uint8_t *buffer, size_t length)
{
    return put(transport, buffer, length, 0);
}

static struct io plain_write_more(struct transport *transport, const uint8_t *buffer, size_t length)
{
    return put(transport, buffer, length, MSG_MORE);
}

static struct io plain_fill(struct transport *transport, struct duct *duct, size_t capacity)
{
    struct plain *plain = of(transport);
    ssize_t n;
    do
        n = splice(plain->fd, NULL, duct_pool_way_in(duct), NULL, capacity,
                   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        duct->held += (size_t)n;
        return (struct io){.n = (size_t)n, .status = IO_OK, .drained = (size_t)n < SPLICE_SOME};
    }
    if (n == 0)
        return io_status(IO_EOF);
    if (errno == EAGAIN)
        return io_status(IO_WANT_READ);
    if (errno == EINVAL || errno == ENOSYS)
        return io_status(IO_WANT_WRITE);
    return io_fail(transport_reason(&plain->side, errno));
}

static struct io plain_pour(struct transport *transport, struct duct *duct)
{
    struct plain *plain = of(transport);
    ssize_t n;
    do
        n = splice(duct_pool_way_out(duct), NULL, plain->fd, NULL, duct->held,
                   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        duct->held -= (size_t)n;
        return (struct io){.n = (size_t)n, .status = IO_OK, .blocked = duct->held > 0};
    }
    if (n == 0 || errno == EINVAL || errno == ENOSYS)
        return io_status(IO_WANT_READ);
    if (errno == EAGAIN)
        return io_status(IO_WANT_WRITE);
    return io_fail(transport_reason(&plain->side, errno));
}

static struct io plain_send_file(struct transport *transport, int file, uint64_t offset,
                                 size_t length)
{
    struct plain *plain = of(transport);
    off_t at = (off_t)offset;
    ssize_t n;
    do
        n = sendfile(plain->fd, file, &at, length);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return (struct io){.n = (size_t)n, .status = IO_OK, .blocked = (size_t)n < length};
    if (n == 0)
        return io_status(IO_EOF);
    if (errno == EAGAIN)
        return io_status(IO_WANT_WRITE);
    /* Some file systems lack sendfile. If the file is broken, reading it fails as well. */
    if (errno != ECONNRESET && errno != EPIPE)
        return io_status(IO_WANT_READ);
    return io_fail(transport_reason(&plain->side, errno));
}

static struct io plain_shutdown(struct transport *transport)
{
    struct plain *plain = of(transport);
    if (shutdown(plain->fd, SHUT_WR) == 0)
        return io_status(IO_OK);
    return io_fail((enum reason)(errno == ENOTCONN ? plain->side.reset : plain->side.io));
}

static void plain_close(struct transport *transport)
{
    close(of(transport)->fd);
}

struct transport *plain_init(struct plain *plain, int fd, const struct transport_side *side)
{
    static const struct transport_ops ops = {
        .handshake = ready,
        .read = plain_read,
        .write = plain_write,
        .send_file = plain_send_file,
        .fill = plain_fill,
        .pour = plain_pour,
        .write_more = plain_write_more,
        .flush = ready,
        .shutdown = plain_shutdown,
        .close = plain_close,
    };
    *plain = (struct plain){.transport = {&ops}, .fd = fd, .side = *side};
    return &plain->transport;
}
