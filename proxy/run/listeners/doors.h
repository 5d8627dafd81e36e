/*
 * The listening sockets of the process: opened, inherited, kept over a reload, accepted from.
 *
 * A connection is accepted once what it may come to use is reserved for it
 * (core/resources/descriptors.h), so that what one listener's clients take is not another's. A
 * listener whose reserve is used up pauses alone, and its clients wait in its backlog.
 *
 * A change of the configuration is all or nothing: new sockets are open before old ones close, one
 * that stays is not touched, and what waits in the backlog of one that goes is accepted first.
 *
 * Owns: sockets, their watches, a reference to the site that clients come in by. Thread: the main
 * one. Errors: false and one line, nothing has changed then. Lifetime: doors_init to doors_free.
 */
#ifndef WSLUICE_RUN_DOORS_H
#define WSLUICE_RUN_DOORS_H

#include "net/listen.h"
#include "net/watch.h"
#include "run/listeners/inherit.h"
#include "run/workers/crew.h"
#include "serve/metrics/ops.h"

struct door;

struct doors {
    struct watch_set *watches;
    struct crew *crew;
    struct ops_process *ops;
    struct site *site;
    struct door **list;
    size_t count;
    uv_timer_t resume_timer;
    uint64_t accepted;        /* connections so far */
    uint64_t pause_logged_at; /* 0: never */
    bool accepting;
};

void doors_init(struct doors *doors, struct watch_set *watches, struct crew *crew,
                struct ops_process *ops);

/* From now on clients come in by this site. `inherit` may hold sockets; NULL: there are none. */
bool doors_change(struct doors *doors, struct site *site, struct inherit *inherit, char *error,
                  size_t error_size) WSL_MUST_CHECK;

void doors_accept(struct doors *doors);

/*
 * No more clients. What waits to be accepted is, unless somebody else listens on the same sockets:
 * then they and their files are left to him.
 */
void doors_close(struct doors *doors, bool handed_over);

/* The timer's memory may go when the loop has run once more. */
void doors_free(struct doors *doors);

/* The sockets for somebody who takes over: an array of `count`, malloc'd. NULL: out of memory. */
struct inherit_socket *doors_describe(const struct doors *doors) WSL_MUST_CHECK;

#endif
