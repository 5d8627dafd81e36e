/*
 * Readiness and options of fake sockets: epoll, level- and edge-triggered as Linux has it.
 *
 * A program that includes this is linked with session_lab.cmake.
 *
 * Owns: nothing; see fake_socket.h. Thread: one. Errors: assertions. Lifetime: static; one include
 * per program.
 */
#ifndef WSLUICE_TESTS_FAKE_EPOLL_H
#define WSLUICE_TESTS_FAKE_EPOLL_H

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#include "lib/fake_socket.h"

/* ---- options ---- */

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size);
int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *length);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
    struct fake_peer *peer = fake_peer(fd);
    if (level != SOL_SOCKET || name != SO_ERROR)
        return (int)fake_failed(ENOPROTOOPT);
    int error = fake_take_error(peer);
    memcpy(value, &error, sizeof(error));
    *size = sizeof(error);
    return 0;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
    struct fake_descriptor *descriptor = fake_descriptor(fd);
    (void)value;
    (void)size;
    if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT)
        descriptor->user_timeout = true;
    return 0;
}

int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
    const struct fake_peer *peer = fake_peer(fd);
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(8080)};
    const struct sockaddr none = {.sa_family = AF_UNIX};
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    size_t size = peer->is_unix ? sizeof(sa_family_t) : sizeof(local);
    memcpy(address, peer->is_unix ? (const void *)&none : (const void *)&local, size);
    *length = (socklen_t)size;
    return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    const struct fake_peer *peer = fake_peer(fd);
    wsl_assert(request == SIOCOUTQ);
    va_start(arguments, request);
    *va_arg(arguments, int *) = (int)peer->unsent;
    va_end(arguments);
    return 0;
}

/* ---- readiness ---- */

int __wrap_epoll_create1(int flags);
int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most, int timeout);
ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned flags);

static inline uint32_t fake_ready(const struct fake_peer *peer)
{
    uint32_t ready = 0;
    if (peer->connecting)
        return 0;
    if (peer->error != 0)
        ready |= EPOLLERR;
    if (peer->error != 0 || peer->broken)
        return ready | EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP;
    if (peer->in_at < peer->in_end || peer->eof)
        ready |= EPOLLIN;
    if (peer->eof)
        ready |= EPOLLRDHUP;
    if (peer->eof && peer->finished)
        ready |= EPOLLHUP;
    if (peer->finished || peer->unsent * 3 <= peer->window * 2)
        ready |= EPOLLOUT;
    return ready;
}

/* The events that epoll_wait would report now. */
static inline uint32_t fake_events(const struct fake_descriptor *descriptor)
{
    uint32_t ready = fake_ready(descriptor->peer) & (descriptor->events | EPOLLERR | EPOLLHUP);
    return descriptor->events & EPOLLET ? ready & ~descriptor->reported : ready;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    _Static_assert(POLLRDHUP == EPOLLRDHUP && POLLHUP == EPOLLHUP && POLLIN == EPOLLIN,
                   "both have the same bits");
    wsl_assert(count == 1 && timeout == 0);
    uint32_t events = (uint16_t)fds->events | EPOLLERR | EPOLLHUP;
    fds->revents = (short)(fake_ready(fake_peer(fds->fd)) & events);
    return fds->revents != 0;
}

int __wrap_epoll_create1(int flags)
{
    wsl_assert(flags == EPOLL_CLOEXEC);
    return fake_descriptor_open(FAKE_EPOLL);
}

int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    struct fake_descriptor *descriptor = fake_descriptor(fd);
    wsl_assert(fake_descriptor(epoll)->kind == FAKE_EPOLL && descriptor->peer);
    if (operation == EPOLL_CTL_DEL && descriptor->left_epoll == epoll) {
        descriptor->left_epoll = 0;
        return 0;
    }
    wsl_assert(operation == EPOLL_CTL_ADD ? descriptor->epoll != epoll
                                          : descriptor->epoll == epoll);
    if (operation == EPOLL_CTL_ADD && fake_fails(&fake_socket.fail_watch))
        return (int)fake_failed(ENOSPC);
    if (operation == EPOLL_CTL_ADD) {
        wsl_assert(descriptor->left_epoll == 0);
        descriptor->left_epoll = descriptor->epoll;
    }
    descriptor->epoll = operation == EPOLL_CTL_DEL ? 0 : epoll;
    descriptor->reported = 0;
    if (operation != EPOLL_CTL_DEL) {
        descriptor->events = event->events;
        descriptor->data = event->data.ptr;
    }
    return 0;
}

static inline bool fake_socket_is_ready(int epoll)
{
    for (size_t i = 0; i < FAKE_SOCKET_COUNT; i++) {
        const struct fake_descriptor *descriptor = &fake_socket.descriptors[i];
        if (descriptor->kind == FAKE_SOCKET && descriptor->epoll == epoll &&
            fake_events(descriptor) != 0)
            return true;
    }
    return false;
}

int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
    int count = 0;
    wsl_assert(fake_descriptor(epoll)->kind == FAKE_EPOLL && timeout == 0);
    for (size_t i = 0; i < FAKE_SOCKET_COUNT && count < most; i++) {
        size_t index = (i + fake_socket.first_event) % FAKE_SOCKET_COUNT;
        struct fake_descriptor *descriptor = &fake_socket.descriptors[index];
        if (descriptor->kind != FAKE_SOCKET || descriptor->epoll != epoll)
            continue;
        uint32_t now = fake_events(descriptor);
        if (now == 0)
            continue;
        descriptor->reported |= now;
        events[count].events = now;
        events[count++].data.ptr = descriptor->data;
    }
    return count;
}

ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned flags)
{
    (void)flags;
    memset(buffer, 0x5a, size);
    return (ssize_t)size;
}

#endif
