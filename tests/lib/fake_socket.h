/*
 * Sockets without a kernel: descriptors and the system calls of net/, over peers that the test
 * plays; fake_epoll.h has readiness. A peer sends a buffer or an endless pattern, and reads at the
 * pace that the test sets. Bytes to a peer go to fake_socket.sent at once, and count as unsent
 * until the peer reads.
 *
 *      test  --peer->in, eof, reset-->  recv
 *      test  <--fake_socket.sent------  send, sendfile
 *
 * Descriptors below FAKE_SOCKET_FIRST are real ones (served files), and pass through.
 *
 * A program that includes this is linked with session_lab.cmake.
 *
 * Owns: the tables below. Thread: one. Errors: assertions, on misuse.
 * Lifetime: static; fake_socket_reset clears it; one include per program.
 */
#ifndef WSLUICE_TESTS_FAKE_SOCKET_H
#define WSLUICE_TESTS_FAKE_SOCKET_H

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fake_loop.h"
#include "lib/fake_pattern.h"

#define FAKE_SOCKET_FIRST 1000000
#define FAKE_SOCKET_COUNT 128
#define FAKE_SOCKET_PEERS 64
#define FAKE_SOCKET_PLANS 32
#define FAKE_SOCKET_PIECE 65536 /* bytes of a file per sendfile */
#define FAKE_USER_TIMEOUT 120000u

/* Results of connect; with FAKE_PLAN_NARROW the send buffer is small. */
enum { FAKE_PLAN_NARROW = 64 };
enum fake_plan {
    FAKE_PLAN_SOON, /* connected in the next turn */
    FAKE_PLAN_NOW,
    FAKE_PLAN_REFUSED_SOON,
    FAKE_PLAN_HANGS,
    FAKE_PLAN_REFUSED,
    FAKE_PLAN_UNREACHABLE,
    FAKE_PLAN_BUSY, /* EAGAIN: a Unix socket with a full backlog */
    FAKE_PLAN_RESET,
    FAKE_PLAN_CLOSED, /* connected, and closed by the peer */
    FAKE_PLANS,
};

/* The other end of one connection. */
struct fake_peer {
    bool used, is_target, is_unix;
    uint8_t id;    /* of its pattern, and its index */
    uint16_t port; /* a target's */
    /* From the peer. Bytes [in_at, in_end) may be received. */
    const uint8_t *in; /* NULL: its pattern */
    size_t in_at, in_end;
    bool eof;     /* it has finished sending */
    bool hung_up; /* it has closed, and answers bytes with a reset */
    /* To the peer. */
    size_t window, unsent;  /* the send buffer, and its bytes in use */
    uint64_t blocked_since; /* when it last read, while something is unsent */
    uint64_t sent;          /* in all */
    bool paused;            /* it does not read */
    bool finished;          /* our FIN */
    bool closed, was_reset; /* our close; with unread bytes, as a reset */
    /* The socket's state. */
    bool connecting, connected;
    uint8_t plan;
    int error;                          /* pending */
    bool broken;                        /* after the error was fetched */
    struct fake_descriptor *descriptor; /* NULL: closed */
};

struct fake_descriptor {
    enum { FAKE_FREE, FAKE_SOCKET, FAKE_EPOLL, FAKE_FILE } kind;
    int family;
    bool user_timeout;
    struct fake_peer *peer;
    int epoll;      /* that watches it; 0: none */
    int left_epoll; /* while it moves to another instance: the one it is still in; 0: none */
    uint32_t events;
    uint32_t reported; /* edge-triggered events already reported */
    void *data;
};

static struct {
    struct fake_descriptor descriptors[FAKE_SOCKET_COUNT];
    struct fake_peer peers[FAKE_SOCKET_PEERS];
    size_t open, peer_count;
    uint8_t plans[FAKE_SOCKET_PLANS];
    size_t plan_first, plan_count;
    size_t first_event; /* of epoll_wait, so that the order varies */
    unsigned fail_socket, fail_watch, fail_recv, fail_send, fail_write; /* the n-th from now */
    int fail_error;
    uint64_t calls, moved; /* system calls, and bytes that went through them */
    void (*sent)(struct fake_peer *peer, const uint8_t *bytes, size_t length);
} fake_socket;

int __real_close(int fd);
ssize_t __real_write(int fd, const void *bytes, size_t length);

static inline void fake_socket_reset(void)
{
    wsl_assert(fake_socket.open == 0);
    for (size_t i = 0; i < fake_socket.peer_count; i++)
        fake_socket.peers[i] = (struct fake_peer){0};
    fake_socket.peer_count = fake_socket.plan_count = fake_socket.plan_first = 0;
    fake_socket.first_event = 0;
    fake_socket.fail_socket = fake_socket.fail_watch = fake_socket.fail_recv = 0;
    fake_socket.fail_send = fake_socket.fail_write = 0;
}

static inline bool fake_fails(unsigned *countdown)
{
    return *countdown > 0 && --*countdown == 0;
}

/* ---- descriptors ---- */

static inline struct fake_descriptor *fake_descriptor(int fd)
{
    fake_socket.calls++;
    int index = fd - FAKE_SOCKET_FIRST;
    wsl_assert(index >= 0 && index < FAKE_SOCKET_COUNT);
    wsl_assert(fake_socket.descriptors[index].kind != FAKE_FREE); /* used after its close */
    return &fake_socket.descriptors[index];
}

static inline struct fake_peer *fake_peer(int fd)
{
    struct fake_peer *peer = fake_descriptor(fd)->peer;
    wsl_assert(peer);
    return peer;
}

/* The lowest free descriptor, as from the kernel; -1: none. */
static inline int fake_descriptor_open(int kind)
{
    for (int i = 0; i < FAKE_SOCKET_COUNT; i++) {
        if (fake_socket.descriptors[i].kind != FAKE_FREE)
            continue;
        fake_socket.descriptors[i] = (struct fake_descriptor){.kind = kind};
        fake_socket.open++;
        fake_loop.progress++;
        return FAKE_SOCKET_FIRST + i;
    }
    errno = EMFILE;
    return -1;
}

/* NULL: too many. */
static inline struct fake_peer *fake_peer_new(bool is_target)
{
    if (fake_socket.peer_count == FAKE_SOCKET_PEERS)
        return NULL;
    struct fake_peer *peer = &fake_socket.peers[fake_socket.peer_count];
    *peer = (struct fake_peer){.used = true,
                               .is_target = is_target,
                               .id = (uint8_t)fake_socket.peer_count++,
                               .window = 65536};
    return peer;
}

/* A client that has connected; -1: too many. */
static inline int fake_client(struct fake_peer *peer)
{
    int fd = fake_descriptor_open(FAKE_SOCKET);
    if (fd < 0)
        return -1;
    struct fake_descriptor *descriptor = fake_descriptor(fd);
    descriptor->peer = peer;
    descriptor->user_timeout = !peer->is_unix; /* passed on by the listener */
    peer->descriptor = descriptor;
    peer->connected = true;
    return fd;
}

/* ---- actions of a peer ---- */

static inline void fake_peer_reset(struct fake_peer *peer, int error)
{
    peer->error = error;
    peer->hung_up = true;
    peer->in_at = peer->in_end;
    peer->unsent = 0;
}

/* The peer reads up to `most` bytes. */
static inline void fake_peer_read(struct fake_peer *peer, size_t most)
{
    size_t taken = peer->unsent < most ? peer->unsent : most;
    peer->unsent -= taken;
    if (taken > 0) {
        peer->blocked_since = fake_loop.now;
        fake_loop.progress++;
    }
}

static inline void fake_peer_connect(struct fake_peer *peer, int error)
{
    if (!peer->connecting)
        return;
    peer->connecting = false;
    peer->connected = error == 0;
    peer->error = error;
    fake_loop.progress++;
}

/* Progress without the test: connects finish, peers read, TCP times out. */
static inline void fake_socket_turn(void)
{
    for (size_t i = 0; i < fake_socket.peer_count; i++) {
        struct fake_peer *peer = &fake_socket.peers[i];
        if (!peer->descriptor)
            continue;
        if (peer->connecting && peer->plan == FAKE_PLAN_SOON)
            fake_peer_connect(peer, 0);
        else if (peer->connecting && peer->plan == FAKE_PLAN_REFUSED_SOON)
            fake_peer_connect(peer, ECONNREFUSED);
        if (!peer->paused && peer->unsent > 0)
            fake_peer_read(peer, peer->unsent);
        if (peer->unsent > 0 && peer->descriptor->user_timeout &&
            fake_loop.now - peer->blocked_since > FAKE_USER_TIMEOUT)
            fake_peer_reset(peer, ETIMEDOUT);
    }
}

/* ---- bytes ---- */

ssize_t __wrap_recv(int fd, void *buffer, size_t capacity, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags);
ssize_t __wrap_sendfile(int fd, int file, off_t *offset, size_t length);
int __wrap_shutdown(int fd, int how);
int __wrap_close(int fd);

static inline ssize_t fake_failed(int error)
{
    errno = error;
    return -1;
}

/* The pending error, once; 0: there is none. */
static inline int fake_take_error(struct fake_peer *peer)
{
    int error = peer->error;
    peer->error = 0;
    peer->broken = peer->broken || error != 0;
    fake_loop.progress += error != 0;
    return error;
}

ssize_t __wrap_recv(int fd, void *buffer, size_t capacity, int flags)
{
    struct fake_peer *peer = fake_peer(fd);
    if (fake_fails(&fake_socket.fail_recv))
        fake_peer_reset(peer, fake_socket.fail_error);
    int error = fake_take_error(peer);
    if (error != 0)
        return fake_failed(error);
    size_t n = peer->in_end - peer->in_at;
    if (n == 0)
        return peer->eof || peer->broken ? 0 : fake_failed(EAGAIN);
    if (n > capacity)
        n = capacity;
    if (peer->in)
        memcpy(buffer, peer->in + peer->in_at, n);
    else
        fake_pattern_fill(peer->id, peer->in_at, buffer, n);
    if (flags & MSG_PEEK)
        return (ssize_t)n;
    peer->in_at += n;
    fake_socket.moved += n;
    fake_loop.progress++;
    return (ssize_t)n;
}

ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags)
{
    struct fake_peer *peer = fake_peer(fd);
    wsl_assert((flags & MSG_NOSIGNAL) && length > 0);
    if (fake_fails(&fake_socket.fail_send))
        fake_peer_reset(peer, fake_socket.fail_error);
    int error = fake_take_error(peer);
    if (error != 0)
        return fake_failed(error);
    if (peer->broken)
        return fake_failed(EPIPE);
    wsl_assert(!peer->finished); /* no write after our FIN */
    size_t room = peer->window > peer->unsent ? peer->window - peer->unsent : 0;
    size_t n = length < room ? length : room;
    if (n == 0 || !peer->connected)
        return fake_failed(EAGAIN);
    if (peer->unsent == 0)
        peer->blocked_since = fake_loop.now;
    peer->unsent += n;
    peer->sent += n;
    fake_socket.moved += n;
    fake_loop.progress++;
    fake_socket.sent(peer, bytes, n);
    if (peer->hung_up)
        fake_peer_reset(peer, ECONNRESET);
    return (ssize_t)n;
}

ssize_t __wrap_sendfile(int fd, int file, off_t *offset, size_t length)
{
    static uint8_t piece[FAKE_SOCKET_PIECE];
    ssize_t n = pread(file, piece, length < sizeof(piece) ? length : sizeof(piece), *offset);
    if (n <= 0)
        return n;
    n = __wrap_send(fd, piece, (size_t)n, MSG_NOSIGNAL);
    *offset += n > 0 ? n : 0;
    return n;
}

int __wrap_shutdown(int fd, int how)
{
    struct fake_peer *peer = fake_peer(fd);
    wsl_assert(how == SHUT_WR);
    if (peer->broken || peer->error != 0 || !peer->connected)
        return (int)fake_failed(ENOTCONN);
    peer->finished = true;
    fake_loop.progress++;
    return 0;
}

int __wrap_close(int fd)
{
    if (fd < FAKE_SOCKET_FIRST)
        return __real_close(fd);
    struct fake_descriptor *descriptor = fake_descriptor(fd);
    struct fake_peer *peer = descriptor->peer;
    wsl_assert(descriptor->epoll == 0); /* its watch must be closed first */
    if (peer) {
        peer->was_reset = peer->in_at < peer->in_end || peer->error != 0 || peer->broken;
        peer->closed = true;
        peer->descriptor = NULL;
    }
    descriptor->kind = FAKE_FREE;
    fake_socket.open--;
    fake_loop.progress++;
    return 0;
}

/* ---- files ---- */

int __wrap_safe_path_make(const char *path, int flags, mode_t mode);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);

/* A recording is a fake descriptor; nothing reads it. */
int __wrap_safe_path_make(const char *path, int flags, mode_t mode)
{
    (void)path, (void)flags, (void)mode;
    fake_socket.calls++;
    return fake_fails(&fake_socket.fail_write) ? (int)fake_failed(EEXIST)
                                               : fake_descriptor_open(FAKE_FILE);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
    if (fd < FAKE_SOCKET_FIRST)
        return __real_write(fd, bytes, length);
    wsl_assert(fake_descriptor(fd)->kind == FAKE_FILE);
    if (fake_fails(&fake_socket.fail_write))
        return fake_failed(ENOSPC);
    fake_loop.progress++;
    return (ssize_t)length;
}

/* ---- connecting ---- */

int __wrap_socket(int family, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);

int __wrap_socket(int family, int type, int protocol)
{
    (void)protocol;
    fake_socket.calls++;
    wsl_assert((type & SOCK_CLOEXEC) && (type & SOCK_NONBLOCK));
    if (fake_fails(&fake_socket.fail_socket))
        return (int)fake_failed(EMFILE);
    int fd = fake_descriptor_open(FAKE_SOCKET);
    if (fd >= 0)
        fake_descriptor(fd)->family = family;
    return fd;
}

static inline uint8_t fake_next_plan(void)
{
    if (fake_socket.plan_count == 0)
        return FAKE_PLAN_SOON;
    uint8_t plan = fake_socket.plans[fake_socket.plan_first++ % FAKE_SOCKET_PLANS];
    fake_socket.plan_count--;
    return plan;
}

static inline int fake_follow_plan(struct fake_peer *peer)
{
    switch ((enum fake_plan)peer->plan) {
    case FAKE_PLAN_REFUSED:
        return (int)fake_failed(ECONNREFUSED);
    case FAKE_PLAN_UNREACHABLE:
        return (int)fake_failed(ENETUNREACH);
    case FAKE_PLAN_BUSY:
        return (int)fake_failed(EAGAIN);
    case FAKE_PLAN_NOW:
    case FAKE_PLAN_RESET:
    case FAKE_PLAN_CLOSED:
        peer->connected = true;
        if (peer->plan == FAKE_PLAN_RESET)
            fake_peer_reset(peer, ECONNRESET);
        peer->eof = peer->hung_up = peer->plan != FAKE_PLAN_NOW;
        return 0;
    default:
        peer->connecting = true;
        return (int)fake_failed(EINPROGRESS);
    }
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    struct fake_descriptor *descriptor = fake_descriptor(fd);
    struct fake_peer *peer = fake_peer_new(true);
    wsl_assert(!descriptor->peer && address->sa_family == descriptor->family && length > 0);
    if (!peer)
        return (int)fake_failed(EADDRNOTAVAIL);
    peer->is_unix = descriptor->family == AF_UNIX;
    if (!peer->is_unix)
        peer->port = ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
    peer->descriptor = descriptor;
    descriptor->peer = peer;
    uint8_t plan = fake_next_plan();
    peer->plan = plan % FAKE_PLAN_NARROW;
    if (plan & FAKE_PLAN_NARROW)
        peer->window = 24;
    return fake_follow_plan(peer);
}

#endif
