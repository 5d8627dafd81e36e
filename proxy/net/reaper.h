/*
 * Frees large things in the thread pool: a configuration of thousands of routes would take
 * milliseconds of the loop on which its last user ends.
 *
 * An item is a member of the thing, so that handing it over needs no memory.
 *
 * Owns: the items, from reaper_add on. Thread: reaper_add from any; the rest from the lane's loop.
 * Errors: none. Lifetime: reaper_open to reaper_close, which comes after the loop has ended, and
 * frees what is left.
 */
#ifndef WSLUICE_NET_REAPER_H
#define WSLUICE_NET_REAPER_H

#include "net/work.h"

struct reaper_item {
    struct reaper_item *next;
    void (*free)(struct reaper_item *item); /* on any thread */
};

struct reaper {
    uv_mutex_t lock;           /* of `first` */
    struct reaper_item *first; /* they wait */
    const struct work_lane *lane;
    struct work_task task;
    struct mailbox_post post;
    bool busy; /* the pool has the task */
};

WSL_MUST_CHECK bool reaper_open(struct reaper *reaper, const struct work_lane *lane);
void reaper_add(struct reaper *reaper, struct reaper_item *item,
                void (*free)(struct reaper_item *item));
void reaper_close(struct reaper *reaper);

#endif
