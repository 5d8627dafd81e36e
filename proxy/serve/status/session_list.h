/*
 * The sessions of the process as rows, for the status page and the terminal: those that a filter
 * lets through, the first so many in some order, and the sums of all.
 *
 *      asker's worker                   worker 0      worker 1      ...
 *      session_list_request ----------> rows ------> rows ------> ... ---+
 *      done       <------------------------------------------------------+
 *
 * One list walks from worker to worker and is filled on the thread of each, so that no session is
 * ever read from another thread and no lock is taken. It holds no more rows than were asked for,
 * however many sessions there are, and after so many sessions it lets the others have a turn. One
 * is under way for each worker that asks, so that no crowd of askers takes those turns for itself.
 *
 * While it is under way its asker's worker does not end. session_list_end sends a session its end
 * by the same way.
 *
 * Owns: the rows. Thread: session_list_request and the callback on the asker's worker; filled on
 * each. Errors: false without memory; a row for which there is none is left out, and `failed` says
 * so. Lifetime: the rows and the list go when the callback returns.
 */
#ifndef WSLUICE_SERVE_STATUS_SESSION_LIST_H
#define WSLUICE_SERVE_STATUS_SESSION_LIST_H

#include "core/session/life.h"
#include "core/status/status_query.h"
#include "serve/session/session_env.h"

#define SESSION_LIST_NEVER UINT64_MAX

enum session_list_stall { SESSION_LIST_CLIENT_STALLS = 1, SESSION_LIST_TARGET_STALLS = 2 };

struct session_list_row {
    uint64_t id;
    uint64_t age_ms, idle_ms;
    uint64_t ping_ms; /* SESSION_LIST_NEVER: no ping was answered yet */
    uint64_t bytes_up, bytes_down, rate_up, rate_down;
    uint64_t stalled_ms;
    uint8_t stalled; /* enum session_list_stall, by bits */
    uint8_t state;   /* enum life_state */
    const char *client, *listener, *route;
    const char *proxy, *user, *target, *tls; /* NULL: none */
};

struct session_list_sums {
    uint64_t sessions, matched; /* of these: those that the filter lets through */
    uint64_t rate_up, rate_down;
    uint64_t stalled_up, stalled_down;
};

struct session_list {
    struct status_query query;
    struct session_list_sums sums;
    struct session_list_row **rows; /* in the order that was asked for, once it is done */
    size_t count;
    bool failed;
};

/* The list is borrowed. */
typedef void session_list_fn(void *owner, const struct session_list *list);

/* False: nobody waits for it any longer. If it has not begun by then it is not begun: it is empty.
 */
typedef bool session_list_wanted_fn(const void *owner);

WSL_MUST_CHECK bool session_list_request(struct session_env *env, const struct status_query *query,
                                         session_list_fn *done, session_list_wanted_fn *wanted,
                                         void *owner);

/* Whether there was such a session; `who` asked for it, for the log. */
typedef void session_list_end_fn(void *owner, bool found);

#define SESSION_LIST_WHO 160

WSL_MUST_CHECK bool session_list_end(struct session_env *env, uint64_t id, const char *who,
                                     session_list_end_fn *done, void *owner);

/* The word for a state in which a session is listed. */
const char *session_list_state(const struct session_list_row *row);

/* Who holds its session back: "client", "target" or "both"; NULL: nobody does. */
const char *session_list_stalled(const struct session_list_row *row);

#endif
