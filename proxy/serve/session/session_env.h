/*
 * What the sessions of one worker share, and what a session begins with.
 *
 * Owns: see the fields. Thread: the worker's. Errors: none. Lifetime: a session_env is its
 * worker's, and outlives the sessions.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_ENV_H
#define WSLUICE_SERVE_SESSION_SESSION_ENV_H

#include <time.h>
#include <unistd.h>

#include <uv.h>

#include "base/metrics.h"
#include "codec/http/http_date.h"
#include "core/bridge/bridge.h"
#include "net/addr.h"
#include "net/connect/resolve.h"
#include "net/tls/tls.h"
#include "net/watch.h"
#include "serve/metrics/ops.h"
#include "serve/site/site.h"

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

/* An accepted connection on its way to a worker. */
struct session_client {
    struct site *site; /* a reference, which goes with it */
    int fd;            /* non-blocking */
    uint32_t listener; /* index in the site's configuration */
    uint64_t number;   /* of all that the process has accepted, from 1 */
    struct addr peer;
    struct limits_usage pass; /* what was reserved for it */
};

/* A client that is not to become a session after all. */
static inline void session_client_drop(struct session_client *client)
{
    close(client->fd);
    limits_leave(&client->pass);
    site_release(client->site);
}

#endif
