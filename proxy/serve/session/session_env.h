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

/* Somebody is in the middle of a worker's list, and has paused there. */
struct session_visit {
    struct list link;
    struct list *next; /* where it goes on */
};

struct session_env {
    uv_loop_t *loop;
    struct work_lane lane;
    struct watch_set watches;
    struct resolver *names;
    struct bridge_scratch *scratch;
    struct tls_scratch *tls_scratch; /* NULL until the first TLS connection */
    struct list sessions;
    size_t live; /* sessions whose memory is not yet free, recordings that are not yet written */
    size_t recordings; /* of these: a disk that hangs may keep them for ever */
    struct metrics metrics;
    uint64_t recordings_skip; /* recorder.h */
    uint64_t accepted;        /* so many that each has a number */
    struct list visits;       /* that are paused */
    struct list asks;         /* for lists: the first is under way, the others wait for it */
    uint32_t attempts;        /* dial attempts beyond a dial's first one that may still begin */
    bool retiring;            /* every answer is the last on its connection */
    struct session_date {
        time_t at; /* 0: there is none yet */
        char text[HTTP_DATE_LENGTH + 1];
    } date;                        /* of answers; made anew once a second at most */
    unsigned number;               /* of the worker */
    const struct ops_process *ops; /* borrowed */
    struct limits *limits;         /* likewise */
    uv_timer_cb deadline;          /* session_deadline_cb */
    /* session_end */
    void (*end)(struct session *session, enum reason reason);
    void (*gone)(struct session_env *env); /* after each free */
};

/* This session leaves the list: whoever would have gone on there goes on behind it. */
static inline void session_env_forget(struct session_env *env, const struct list *session)
{
    for (struct list *link = env->visits.next; link != &env->visits; link = link->next) {
        struct session_visit *visit = WSL_CONTAINER(link, struct session_visit, link);
        if (visit->next == session)
            visit->next = session->next;
    }
}

#endif
