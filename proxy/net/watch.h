/*
 * Readiness of descriptors, and the order in which they are served. The owner states what to wait
 * for (watch_want); nothing is started or stopped by hand.
 *
 * A watch_set has two epoll instances of its own inside a libuv loop: one for what is interactive,
 * and one for bulk and expensive openings (core/resources/schedule.h). In each turn the interactive
 * ones are served first; then the others, one buffer at a time, and between two buffers the set
 * looks for interactive events without waiting. uv_poll_t would need up to eight system calls where
 * this needs one, and four times the memory.
 *
 * A watch reports a broken connection even while it waits for nothing, and only once, so that the
 * loop does not spin. A FIN alone is not reported then: reading delivers the data before it, and
 * the end. Nor is a hang-up, unless it is wanted: of a descriptor that is not read.
 *
 * Owns: the epoll instance and the watches' memory, no watched descriptor. Thread: its loop's.
 * Errors: WATCH_BROKEN in the callback; reading or writing then says what happened.
 * Lifetime: watch_open to watch_close; no callback comes after that.
 */
#ifndef WSLUICE_NET_WATCH_H
#define WSLUICE_NET_WATCH_H

#include <uv.h>

#include "base/base.h"
#include "core/resources/schedule.h"

enum watch_ready {
    WATCH_READ = 1,
    WATCH_WRITE = 2,
    WATCH_BROKEN = 4,  /* the socket has failed in both directions */
    WATCH_HUNG_UP = 8, /* both directions have ended, or it is broken; only if it is wanted */
};

struct watch;
typedef void watch_cb(void *owner, unsigned ready);

/* What keeps watches for longer than a session: a connection that is kept for the next one. */
struct watch_holder {
    struct list link;
    void (*close)(struct watch_holder *holder); /* the loop ends: closes its watches and handles */
};

/* What a callback says of its turn. */
struct watch_turn {
    size_t moved; /* bytes */
    bool more;    /* it stopped before the source was drained */
};

struct watch_lane {
    uv_poll_t poll;
    int epoll;
};

struct watch_set {
    struct watch_lane interactive, patient;
    struct schedule schedule;
    struct watch_turn turn; /* of the callback that runs */
    uint64_t pressed_until; /* on the loop's clock; 0: never yet */
    bool serving;
    struct watch *closed; /* while serving: freed when no pending event can refer to them */
    struct list holders;
};

WSL_MUST_CHECK bool watch_set_open(struct watch_set *set, uv_loop_t *loop);
uv_loop_t *watch_set_loop(const struct watch_set *set);

/* Whether the set alone keeps its loop running, as uv_ref and uv_unref of a handle; it does. */
void watch_set_ref(struct watch_set *set);
void watch_set_unref(struct watch_set *set);

/* Bulk has waited for something interactive lately, so its turns should be short. */
static inline bool watch_set_is_pressed(const struct watch_set *set)
{
    return set->pressed_until != 0 && set->pressed_until > uv_now(set->interactive.poll.loop);
}

/* Until it is closed by the set, or takes itself out of the list. */
void watch_set_hold(struct watch_set *set, struct watch_holder *holder);

/*
 * After its watches are closed, but for those of holders. The loop must run once more before the
 * memory is freed.
 */
void watch_set_close(struct watch_set *set);

/* Waits for `want` from the start. NULL: out of memory. */
WSL_MUST_CHECK struct watch *watch_open(struct watch_set *set, int fd, unsigned want,
                                        watch_cb *callback, void *owner);

/* Likewise, for a handshake that costs much: it waits for its turn beside others of its kind. */
WSL_MUST_CHECK struct watch *watch_open_opening(struct watch_set *set, int fd, unsigned want,
                                                watch_cb *callback, void *owner);

/* Gives the watch another owner; what it waits for stays. */
void watch_adopt(struct watch *watch, watch_cb *callback, void *owner);

/*
 * What to wait for from now on: WATCH_READ, WATCH_WRITE, WATCH_HUNG_UP. The kernel hears of an
 * addition at once, of a removal only when an unwanted event arrives: usually the event is wanted
 * again before that.
 */
void watch_want(struct watch *watch, unsigned want);

/*
 * For the callback: what its turn moved, and whether its source has more. Who says nothing is
 * interactive. `more` needs a descriptor that stays readable until the source is drained. NULL is
 * fine.
 */
void watch_moved(struct watch *watch, size_t bytes, bool more);

/* Its last turns filled buffers. NULL is fine. */
bool watch_is_bulk(const struct watch *watch);

/*
 * Polls now instead of in the loop's next turn, and calls back at once if an event is there. For a
 * timer, before it treats silence of the peer as a timeout. NULL is fine.
 */
void watch_poll(struct watch *watch);

/* Before the caller closes the descriptor. NULL is fine. */
void watch_close(struct watch *watch);

#endif
