/*
 * Targets on this machine that refuse until loopback_listen, accept, or never answer.
 *
 * Owns: the descriptors until loopback_close. Thread: one. Errors: abort.
 * Lifetime: loopback_open to loopback_close.
 */
#ifndef WSLUICE_TESTS_LIB_LOOPBACK_H
#define WSLUICE_TESTS_LIB_LOOPBACK_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"

#define LOOPBACK_FILLERS 4

struct loopback {
    int fd;
    uint16_t port;
    int fillers[LOOPBACK_FILLERS]; /* -1: none */
};

/* Bound, so that the port is taken, but not listening: connections are refused. */
static inline struct loopback loopback_open(void)
{
    struct loopback target = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wsl_assert(target.fd >= 0);
    wsl_assert(bind(target.fd, (struct sockaddr *)&address, length) == 0);
    wsl_assert(getsockname(target.fd, (struct sockaddr *)&address, &length) == 0);
    target.port = ntohs(address.sin_port);
    for (int i = 0; i < LOOPBACK_FILLERS; i++)
        target.fillers[i] = -1;
    return target;
}

static inline void loopback_listen(struct loopback *target)
{
    wsl_assert(listen(target->fd, 64) == 0);
}

/* Listens with a full backlog: connections hang. */
static inline void loopback_fill_backlog(struct loopback *target)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(target->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wsl_assert(listen(target->fd, 0) == 0);
    for (int i = 0; i < LOOPBACK_FILLERS; i++) {
        target->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        wsl_assert(target->fillers[i] >= 0);
        (void)!connect(target->fillers[i], (struct sockaddr *)&address, sizeof(address));
    }
}

/* -1: no connection. */
static inline int loopback_accept(const struct loopback *target)
{
    return accept4(target->fd, NULL, NULL, SOCK_CLOEXEC);
}

/* Accepts and closes one connection; false: none. */
/* Accepts and closes one connection; false: none. */
static inline bool loopback_got_connection(const struct loopback *target)
{
    int fd = loopback_accept(target);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static inline void loopback_close(struct loopback *target)
{
    for (int i = 0; i < LOOPBACK_FILLERS; i++)
        if (target->fillers[i] >= 0)
            close(target->fillers[i]);
    close(target->fd);
}

#endif
