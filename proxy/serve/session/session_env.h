/*
 * What the sessions of one worker share.
 *
 * Owns: see the fields. Thread: the worker's. Errors: none. Lifetime: a session_env is its
 * worker's, and outlives the sessions.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_ENV_H
#define WSLUICE_SERVE_SESSION_SESSION_ENV_H

#include <time.h>

#include <uv.h>

#include "base/metrics.h"
#include "codec/http/http_date.h"
#include "net/watch.h"
#include "net/work.h"

struct session;

/* A place in a worker's list of sessions that stays valid when sessions leave. */
struct session_cursor {
    struct list link;
    struct list *next; /* the session to read next; the list's head: none */
};

struct session_env {
    uv_loop_t *loop;
    struct work_lane lane;
    struct watch_set watches;
    struct resolver *resolver;
    struct bridge_scratch *scratch;
    struct tls_scratch *tls_scratch; /* NULL until the first TLS connection */
    struct list sessions;
    size_t live; /* sessions whose memory is not yet free, recordings that are not yet written */
    size_t recordings; /* of these: a disk that hangs may keep them for ever */
    struct metrics metrics;
    uint64_t recordings_skip;  /* recorder.h */
    uint64_t accepted;         /* so many that each has a number */
    struct list cursors;       /* of session lists that are made in parts */
    struct list list_requests; /* of this worker's clients: the first runs, the others wait */
    struct session_env *const *workers; /* of all workers, by number; borrowed */
    uint32_t attempts; /* dial attempts beyond a dial's first one that may still begin */
    bool retiring;     /* every answer is the last on its connection */
    struct session_date {
        time_t at; /* 0: there is none yet */
        char text[HTTP_DATE_LENGTH + 1];
    } date;                              /* of answers; made anew once a second at most */
    unsigned number;                     /* of the worker */
    const struct process_facts *process; /* borrowed */
    struct limits *limits;               /* likewise */
    uv_timer_cb deadline;                /* session_deadline_cb */
    /* session_end */
    void (*end)(struct session *session, enum reason reason);
    void (*gone)(struct session_env *env); /* after each free */
};

/* This session leaves the list: cursors that point at it move on. */
static inline void session_env_forget(struct session_env *env, const struct list *session)
{
    for (struct list *link = env->cursors.next; link != &env->cursors; link = link->next) {
        struct session_cursor *cursor = WSL_CONTAINER(link, struct session_cursor, link);
        if (cursor->next == session)
            cursor->next = session->next;
    }
}

#endif
