/*
 * A Redis server whose every byte the test writes, on a Unix socket in the test's own thread and
 * loop; for the tests of net/redis.
 *
 * Include lib/failing_alloc.h in the test, as for the dial lab.
 *
 * Owns: the listening socket and one connection. Thread: one. Errors: the test fails. Lifetime: one
 * test.
 */
#ifndef WSLUICE_TESTS_LIB_REDIS_LAB_H
#define WSLUICE_TESTS_LIB_REDIS_LAB_H

#include <errno.h>
#include <poll.h>

#include "lib/dial_lab.h"
#include "net/redis/redis_link.h"

#define LAB_PATIENCE_MS 10000

static int server = -1, peer = -1; /* the listening socket, the connection */
static struct config_address server_address;
static struct redis_settings settings;
static struct dial_loop redis_loop;

static inline void server_open(void)
{
    server = listen_unix(path, 64);
    assert_int_equal(fcntl(server, F_SETFL, O_NONBLOCK), 0);
}

static inline void server_hang_up(void)
{
    if (peer >= 0)
        close(peer);
    peer = -1;
}

static inline void server_close(void)
{
    server_hang_up();
    if (server >= 0)
        close(server);
    server = -1;
    unlink(path);
}

static inline int redis_set_up(void **unused)
{
    (void)set_up(unused);
    watch_set_ref(&watches); /* a loop without handles does not poll */
    server_address = unix_target(path);
    settings = (struct redis_settings){
        .address = &server_address, .timeout_ms = LAB_PATIENCE_MS, .idle_ms = LAB_PATIENCE_MS};
    redis_loop = (struct dial_loop){.watches = &watches, .resolver = resolver};
    server_open();
    return 0;
}

static inline int redis_tear_down(void **unused)
{
    server_close();
    watch_set_unref(&watches);
    return tear_down(unused);
}

/* Runs what is due, for a millisecond at most. */
static inline void turn(void)
{
    struct pollfd loop_fd = {.fd = uv_backend_fd(&loop), .events = POLLIN};
    (void)poll(&loop_fd, 1, 1);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
}

#define lab_until(condition)                                                                       \
    do {                                                                                           \
        uint64_t lab_end = uv_hrtime() + (uint64_t)LAB_PATIENCE_MS * 1000000;                      \
        while (!(condition)) {                                                                     \
            assert_true(uv_hrtime() < lab_end);                                                    \
            turn();                                                                                \
        }                                                                                          \
    } while (0)

/* Long enough for all that would happen at once. */
static inline void settle(void)
{
    for (int i = 0; i < 5; i++)
        turn();
}

static inline bool server_has_accepted(void)
{
    peer = accept4(server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(peer >= 0 || errno == EAGAIN);
    return peer >= 0;
}

static inline void server_accepts(void)
{
    server_hang_up();
    lab_until(server_has_accepted());
}

static inline void server_reads_bytes(const char *wanted, size_t length)
{
    char got[512];
    size_t count = 0;
    while (count < length) {
        ssize_t n = -1;
        size_t room = size_min(sizeof(got), length - count);
        lab_until((n = recv(peer, got, room, 0)) >= 0 || errno != EAGAIN);
        assert_true(n > 0);
        assert_memory_equal(got, wanted + count, (size_t)n);
        count += (size_t)n;
    }
}

static inline void server_reads(const char *wanted)
{
    server_reads_bytes(wanted, strlen(wanted));
}

/* Nothing more has come. */
static inline void server_reads_nothing(void)
{
    char byte;
    settle();
    assert_int_equal(recv(peer, &byte, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
}

static inline void server_reads_end(void)
{
    char byte;
    ssize_t n = -1;
    lab_until((n = recv(peer, &byte, 1, 0)) >= 0 || errno != EAGAIN);
    assert_int_equal(n, 0);
}

static inline void server_says_bytes(const char *text, size_t length)
{
    assert_int_equal(send(peer, text, length, MSG_NOSIGNAL), length);
}

static inline void server_says(const char *text)
{
    server_says_bytes(text, strlen(text));
}

/* Byte by byte, each in a turn of the loop, while the other end takes them. */
static inline void server_drips(const char *text)
{
    for (; *text && send(peer, text, 1, MSG_NOSIGNAL) == 1; text++)
        turn();
}

#endif
