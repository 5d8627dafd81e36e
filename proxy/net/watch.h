/*
 * One descriptor's readiness over libuv, told what to wait for and never toggled by hand.
 *
 * A watch always notices a connection that breaks, even when nobody wants to read or write: it then
 * listens for hang-ups only, and only until it has reported one, so that nothing spins.
 *
 * Owns: its uv handle, not the descriptor. Thread: its loop's. Errors: WATCH_BROKEN in the
 * callback; reading or writing then says what happened. Lifetime: watch_close; the memory is the
 * watch's own and is freed after the loop has let go of it. No callback comes after watch_close.
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

/* NULL: out of memory or descriptors. Waits for nothing yet. */
struct watch *watch_open(uv_loop_t *loop, int fd, watch_cb *callback, void *owner) WSL_MUST_CHECK;

/* Hands the watch to somebody else; what it waits for stays. */
void watch_adopt(struct watch *watch, watch_cb *callback, void *owner);

/* What to wait for from now on: bits READ and WRITE. Cheap when nothing changes. */
void watch_want(struct watch *watch, unsigned want);

/* Before the descriptor is closed. NULL is fine. */
void watch_close(struct watch *watch);

#endif
