#include "net/tls/tls_socket.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/tls/tls_fail.h"

struct io tls_socket_receive(struct tls *tls, size_t limit)
{
    struct tls_scratch *scratch = tls->scratch;
    size_t early = tls->early.end - tls->early.at;
    wsl_assert(scratch->in_at == scratch->in_end && early <= limit);
    if (early > 0)
        memcpy(scratch->in, tls->early.bytes + tls->early.at, early);
    tls_buffer_clear(&tls->early);
    scratch->in_at = 0;
    scratch->in_end = early;
    size_t room = limit - early;
    if (room == 0)
        return io_status(IO_OK);

    ssize_t got;
    do
        got = recv(tls->fd, scratch->in + early, room, 0);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return io_status(IO_EOF);
    if (got < 0)
        return errno == EAGAIN ? io_status(IO_WANT_READ) : tls_fail_errno(tls, errno);
    scratch->in_end += (size_t)got;
    return (struct io){.n = (size_t)got, .drained = (size_t)got < room};
}

/* The bytes that the socket took; -1: it is broken. */
static ssize_t send_once(struct tls *tls, const uint8_t *bytes, size_t length)
{
    ssize_t sent;
    do
        sent = send(tls->fd, bytes, length, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 && errno == EAGAIN ? 0 : sent;
}

struct io tls_socket_send(struct tls *tls)
{
    struct tls_scratch *scratch = tls->scratch;
    size_t length = scratch->out_end;
    bool behind = !tls_buffer_is_empty(&tls->unsent);
    ssize_t sent = length == 0 || behind ? 0 : send_once(tls, scratch->out, length);
    scratch->out_end = 0;
    if (sent < 0)
        return tls_fail_errno(tls, errno);
    if ((size_t)sent < length &&
        !tls_buffer_append(&tls->unsent, scratch->out + sent, length - (size_t)sent))
        return tls_fail_memory(tls);
    return (struct io){.blocked = !tls_buffer_is_empty(&tls->unsent)};
}

struct io tls_socket_flush(struct tls *tls)
{
    struct tls_buffer *unsent = &tls->unsent;
    if (tls_buffer_is_empty(unsent))
        return io_status(IO_OK);
    ssize_t sent = send_once(tls, unsent->bytes + unsent->at, unsent->end - unsent->at);
    if (sent < 0)
        return tls_fail_errno(tls, errno);
    unsent->at += (uint32_t)sent;
    if (!tls_buffer_is_empty(unsent))
        return io_status(IO_WANT_WRITE);
    tls_buffer_clear(unsent);
    tls->unsent_replies = 0;
    return io_status(IO_OK);
}
