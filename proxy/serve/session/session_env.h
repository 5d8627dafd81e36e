/*
 * The state that the sessions of one worker share.
 *
 * Owns: see the fields. Thread: the worker's. Errors: false: out of memory. Lifetime: a session_env
 * is its worker's, and outlives the sessions.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_ENV_H
#define WSLUICE_SERVE_SESSION_SESSION_ENV_H

#include <time.h>

#include <uv.h>

#include "base/metrics.h"
#include "codec/http/http_date.h"
#include "codec/ws/ws_keys.h"
#include "net/duct_pool.h"
#include "net/loop/timers.h"
#include "net/watch.h"
#include "net/work.h"

/* A place in a worker's list of sessions that stays valid when sessions leave. */
struct session_cursor {
    struct list link;
    struct list *next; /* the session to read next; the list's head: none */
};

struct session_env {
    /* Borrowed; set before the first session. */
    uv_loop_t *loop;
    unsigned number;     /* of the worker */
    unsigned generation; /* of the process: session_id.h */
    const struct process_facts *process;
    struct predecessors *predecessors; /* of the process: predecessors.h; NULL: none */
    const struct control *control;     /* of the process; NULL: it cannot be changed */
    struct limits *limits;
    unsigned duct_limit;                         /* of `ducts` */
    struct session_env *const *workers;          /* of all workers, by number */
    struct resolver *resolver;                   /* the loop's */
    struct http_pool *http;                      /* the loop's; NULL: no services are asked */
    void (*on_release)(struct session_env *env); /* after each session_env_release; NULL: no call */

    struct work_lane lane;
    struct watch_set watches;
    struct timers timers;           /* of session_deadline_cb */
    struct bridge_scratch *scratch; /* owned */
    struct duct_pool ducts;
    struct tls_scratch *tls_scratch; /* owned; NULL until the first TLS connection */
    struct ws_keys keys;             /* mask what is sent to targets that speak WebSocket */
    struct metrics metrics;
    struct list sessions;
    struct list cursors;       /* of session lists that are built in parts */
    struct list links;         /* to processes that have taken over: link_server.h */
    struct list list_requests; /* by clients of this worker: the first runs, the others wait */
    /*
     * The worker ends at 0. Counts sessions until their memory is free, recordings until they are
     * written, requests to other workers, look-ups in the thread pool.
     */
    size_t live;
    size_t admins;     /* among live: sessions of the admin socket, which outlast the others */
    size_t recordings; /* among live; a disk that hangs may keep them for ever */
    uint64_t recordings_skip; /* recorder.h */
    uint64_t accepted;        /* connections; each one is a number in a session id */
    uint32_t attempts;        /* dial attempts beyond the first of each dial that may still begin */
    bool retiring;            /* each answer is the last on its connection */
    struct session_date {
        time_t at; /* 0: not formatted yet */
        char text[HTTP_DATE_LENGTH + 1];
    } date; /* the Date field; formatted once a second at most */
};

/* Initialises the buffers and the lists; the caller sets the other fields. */
WSL_MUST_CHECK bool session_env_open(struct session_env *env);
void session_env_close(struct session_env *env);

/* The worker does not end before each hold has had its release. */
static inline void session_env_hold(struct session_env *env)
{
    env->live++;
}

void session_env_release(struct session_env *env);

/* Takes a session out of the list; a cursor at it moves to the next session. */
void session_env_remove(struct session_env *env, struct list *session);

#endif
