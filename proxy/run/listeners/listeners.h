/*
 * The listening sockets of the process: opened, inherited, kept over a reload, accepted from.
 *
 * A connection is accepted once all descriptors that it may use are reserved for it
 * (core/resources/descriptors.h), so that clients of one listener take none from another's. A
 * listener that can reserve none pauses alone, and its clients wait in its backlog.
 *
 * A change of the configuration is all or nothing: new sockets are opened before old ones are
 * closed, a socket that stays is not touched, and the backlog of one that goes is accepted first.
 *
 * Owns: sockets, their watches, a reference to the site that new clients get. Thread: the main one.
 * Errors: false and one line; then nothing has changed. Lifetime: listeners_init to listeners_free.
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

/* New clients get this site. `inherit`: sockets to use instead of binding; NULL: none. */
WSL_MUST_CHECK bool listeners_change(struct listeners *listeners, struct site *site,
                                     struct inherit *inherit, char *error, size_t error_size);

/* Begins to accept, and logs each listener. */
void listeners_accept(struct listeners *listeners);

/*
 * Accepts the backlogs, and then no more. `handed_over`: leaves the backlogs and the files of Unix
 * sockets to the successor, which has the same sockets.
 */
void listeners_close(struct listeners *listeners, bool handed_over);

/*
 * As listeners_close, for all but the admin socket, which shows how the drain goes. A process that
 * is started meanwhile may take its path.
 */
void listeners_close_clients(struct listeners *listeners);

/* The timer's memory may be freed when the loop has run once more. */
void listeners_free(struct listeners *listeners);

/* The sockets for a successor: an array of `count`, malloc'd. NULL: out of memory. */
WSL_MUST_CHECK struct inherit_socket *listeners_describe(const struct listeners *listeners);

#endif
