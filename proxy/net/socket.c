#include "net/socket.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/*
 * The loss of an idle peer is detected after IDLE + COUNT * INTERVAL seconds. With unacknowledged
 * data TCP_USER_TIMEOUT decides. It also limits a zero window, so it must be longer than the pauses
 * of a working peer.
 */
#define KEEPALIVE_IDLE_S     45
#define KEEPALIVE_INTERVAL_S 15
#define KEEPALIVE_COUNT      5

static void set(int fd, int level, int option, int value)
{
    /* Best effort: Unix sockets and old kernels work without the option. */
    (void)setsockopt(fd, level, option, &value, sizeof(value));
}

void socket_tune_tcp(int fd)
{
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
    socket_allow_stall(fd, SOCKET_STALL_MS);
}

void socket_allow_stall(int fd, uint32_t milliseconds)
{
    set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)milliseconds);
}

static uint64_t queued(int fd, unsigned long queue)
{
    int bytes = 0;
    if (ioctl(fd, queue, &bytes) != 0 || bytes < 0)
        return 0;
    return (uint64_t)bytes;
}

uint64_t socket_unsent(int fd)
{
    return queued(fd, SIOCOUTQ);
}

uint64_t socket_unread(int fd)
{
    return queued(fd, SIOCINQ);
}

bool socket_hung_up(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLRDHUP};
    return poll(&poll_fd, 1, 0) > 0;
}

bool socket_peer_user(int fd, uid_t *uid)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    *uid = peer.uid;
    return true;
}

bool socket_is_gone(int fd)
{
    struct pollfd poll_fd = {.fd = fd};
    return poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & (POLLHUP | POLLERR));
}

int socket_error(int fd)
{
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return errno;
    return error;
}
