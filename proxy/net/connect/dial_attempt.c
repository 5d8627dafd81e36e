#include "net/connect/dial_attempt.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/socket.h"

/* 0, or an errno: EINPROGRESS is the usual one. */
static int connect_to(int fd, const struct sockaddr *address, socklen_t length)
{
    return connect(fd, address, length) == 0 ? 0 : errno;
}

int dial_attempt_begin(struct dial_attempt *attempt, struct watch_set *watches,
                       const struct config_address *target, const struct addr *address,
                       watch_cb *callback, bool *waiting)
{
    bool is_unix = target->kind == CONFIG_ADDRESS_UNIX;
    struct sockaddr_un path;
    socklen_t length = is_unix ? 0 : addr_length(address);
    if (is_unix && !addr_unix(&path, &length, target->path))
        return ENAMETOOLONG;

    attempt->fd = socket(is_unix ? AF_UNIX : address->any.sa_family,
                         SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (attempt->fd < 0)
        return errno;
    if (!is_unix)
        socket_tune_tcp(attempt->fd);
    int error = connect_to(attempt->fd, is_unix ? (struct sockaddr *)&path : &address->any, length);
    *waiting = error == EINPROGRESS;
    if (error == 0 || *waiting) {
        attempt->watch =
            watch_open(watches, attempt->fd, *waiting ? WATCH_WRITE : 0, callback, attempt);
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
