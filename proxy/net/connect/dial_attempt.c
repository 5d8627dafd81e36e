#include "net/connect/dial_attempt.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/connect/dial_socket.h"
#include "net/connect/dial_tunnel.h"
#include "net/socket.h"

/* 0, or an errno: EINPROGRESS is the usual one. */
static int connect_to(int fd, const struct addr *address)
{
    return connect(fd, &address->any, addr_length(address)) == 0 ? 0 : errno;
}

static int connect_to_path(int fd, const char *path)
{
    struct sockaddr_un address;
    socklen_t length;
    if (!addr_unix(&address, &length, path))
        return ENAMETOOLONG;
    return connect(fd, (const struct sockaddr *)&address, length) == 0 ? 0 : errno;
}

static int connect_to_unix(int fd, const struct dial_request *request, const char *path)
{
    bool is_file = path[0] != '@';
    return is_file && request->no_link ? dial_socket_connect(fd, path) : connect_to_path(fd, path);
}

int dial_attempt_begin(struct dial_attempt *attempt, const struct dial_request *request,
                       const struct addr *address, watch_cb *callback, bool *waiting)
{
    const struct config_address hop = dial_tunnel_hop(request);
    bool is_unix = hop.kind == CONFIG_ADDRESS_UNIX;
    attempt->fd = socket(is_unix ? AF_UNIX : address->any.sa_family,
                         SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (attempt->fd < 0)
        return errno;
    if (!is_unix)
        socket_tune_tcp(attempt->fd);
    int error = is_unix ? connect_to_unix(attempt->fd, request, hop.path)
                        : connect_to(attempt->fd, address);
    *waiting = error == EINPROGRESS;
    if (error == 0 || *waiting) {
        attempt->watch = watch_open(request->loop.watches, attempt->fd, *waiting ? WATCH_WRITE : 0,
                                    callback, attempt);
        if (attempt->watch)
            return 0;
        error = ENOMEM;
    }
    close(attempt->fd);
    return error;
}

bool dial_attempt_close(struct dial_attempt *attempt)
{
    if (!attempt->watch)
        return false;
    watch_close(attempt->watch);
    attempt->watch = NULL;
    close(attempt->fd);
    return true;
}
