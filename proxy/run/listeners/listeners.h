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
 * one. Errors: false and one line, nothing has changed then. Lifetime: listeners_init to
 * listeners_free.
 */
#ifndef WSLUICE_RUN_LISTENERS_LISTENERS_H
#define WSLUICE_RUN_LISTENERS_LISTENERS_H

#include "net/listen.h"
#include "net/watch.h"
#include "run/listeners/inherit.h"
#include "run/workers/workers.h"
#include "serve/metrics/process_facts.h"

struct listener;

struct listeners {
    struct watch_set *watches;
    struct workers *workers;
    struct process_facts *process;
    struct site *site;
    struct listener **list;
    size_t count;
    uv_timer_t resume_timer;
    uint64_t accepted;        /* connections so far */
    uint64_t pause_logged_at; /* 0: never */
    bool accepting;
};

void listeners_init(struct listeners *listeners, struct watch_set *watches, struct workers *workers,
                    struct process_facts *process);

/* From now on clients come in by this site. `inherit` may hold sockets; NULL: there are none. */
WSL_MUST_CHECK bool listeners_change(struct listeners *listeners, struct site *site,
                                     struct inherit *inherit, char *error, size_t error_size);

void listeners_accept(struct listeners *listeners);

/*
 * No more clients. What waits to be accepted is, unless somebody else listens on the same sockets:
 * then they and their files are left to him.
 */
void listeners_close(struct listeners *listeners, bool handed_over);

/* The timer's memory may go when the loop has run once more. */
void listeners_free(struct listeners *listeners);

/* The sockets for somebody who takes over: an array of `count`, malloc'd. NULL: out of memory. */
WSL_MUST_CHECK struct inherit_socket *listeners_describe(const struct listeners *listeners);

#endif
