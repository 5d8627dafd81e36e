/*
 * Readiness of descriptors, told what to wait for and never toggled by hand.
 *
 * A watch_set is an epoll instance of our own inside a libuv loop. libuv's uv_poll_t would do, but
 * it makes up to eight system calls where this makes one, and holds four times the memory.
 *
 * A watch reports a connection that breaks even when nobody wants to read or write, and does so
 * once, so that nothing spins. A peer that has only finished sending is no news then: what it sent
 * is still to be read, and reading tells of its end.
 *
 * Owns: the epoll instance and the watches' memory, no watched descriptor. Thread: its loop's.
 * Errors: WATCH_BROKEN in the callback; reading or writing then says what happened.
 * Lifetime: watch_open to watch_close; no callback comes after that.
 */
#ifndef WSLUICE_NET_WATCH_H
#define WSLUICE_NET_WATCH_H

#include <uv.h>

#include "base/base.h"

enum watch_ready {
    WATCH_READ = 1,
    WATCH_WRITE = 2,
    WATCH_BROKEN = 4, /* the socket has failed in both directions */
};

struct watch;
typedef void watch_cb(void *owner, unsigned ready);

struct watch_set {
    uv_poll_t poll;
    int epoll;
    bool dispatching;
    struct watch *closed; /* while dispatching: freed once no event can name them */
};

WSL_MUST_CHECK bool watch_set_open(struct watch_set *set, uv_loop_t *loop);
uv_loop_t *watch_set_loop(const struct watch_set *set);

/* After its watches; the loop runs once more before the memory may go. */
void watch_set_close(struct watch_set *set);

/* Waits for `want` from the start. NULL: out of memory. */
WSL_MUST_CHECK struct watch *watch_open(struct watch_set *set, int fd, unsigned want,
                                        watch_cb *callback, void *owner);

/* Hands the watch to somebody else; what it waits for stays. */
void watch_adopt(struct watch *watch, watch_cb *callback, void *owner);

/*
 * What to wait for from now on: bits READ and WRITE. Waiting for more is told to the kernel at
 * once, waiting for less only when an event comes that nobody wants: most often it is wanted again
 * before.
 */
void watch_want(struct watch *watch, unsigned want);

/*
 * Asks the kernel now instead of at the loop's next poll, and calls back at once if there is news:
 * what a timer does before it judges a peer by what has not come. NULL is fine.
 */
void watch_poll(struct watch *watch);

/* The descriptor, still open, is the caller's to close; others may share it. NULL is fine. */
void watch_close(struct watch *watch);

#endif
