/*
 * The sessions of the process, as rows for whoever looks at them: those that a filter lets through,
 * the first so many in some order, and the sums of all.
 *
 *      asker's worker                   worker 0      worker 1      ...
 *      roster_ask --- the roster ---------> rows ------> rows ------> ... ---+
 *      done       <----------------------------------------------------------+
 *
 * One roster walks from worker to worker and is filled on the thread of each, so that no session is
 * ever read from another thread and no lock is taken. It holds no more rows than were asked for,
 * however many sessions there are, and after so many sessions it lets the others have a turn. One
 * is under way for each worker that asks, so that no crowd of askers takes those turns for itself.
 *
 * While it is under way its asker's worker does not end. roster_end sends a session its end by the
 * same way.
 *
 * Owns: the rows. Thread: roster_ask and the callback on the asker's worker; filled on each.
 * Errors: false without memory; a row for which there is none is left out, and `failed` says so.
 * Lifetime: the rows and the roster go when the callback returns.
 */
#ifndef WSLUICE_SERVE_ROSTER_H
#define WSLUICE_SERVE_ROSTER_H

#include "core/session/life.h"
#include "core/status/status_query.h"
#include "serve/session/session_env.h"

#define ROSTER_NEVER UINT64_MAX

enum roster_stall { ROSTER_CLIENT_STALLS = 1, ROSTER_TARGET_STALLS = 2 };

struct roster_row {
    uint64_t id;
    uint64_t age_ms, idle_ms;
    uint64_t ping_ms; /* ROSTER_NEVER: no ping was answered yet */
    uint64_t bytes_up, bytes_down, rate_up, rate_down;
    uint64_t stalled_ms;
    uint8_t stalled; /* enum roster_stall, by bits */
    uint8_t state;   /* enum life_state */
    const char *client, *listener, *route;
    const char *proxy, *user, *target, *tls; /* NULL: none */
};

struct roster_sums {
    uint64_t sessions, matched; /* of these: those that the filter lets through */
    uint64_t rate_up, rate_down;
    uint64_t stalled_up, stalled_down;
};

struct roster {
    struct status_query query;
    struct roster_sums sums;
    struct roster_row **rows; /* in the order that was asked for, once it is done */
    size_t count;
    bool failed;
};

/* The roster is borrowed. */
typedef void roster_fn(void *owner, const struct roster *roster);

/* False: nobody waits for it any longer. If it has not begun by then it is not begun: it is empty.
 */
typedef bool roster_wanted_fn(const void *owner);

bool roster_ask(struct session_env *env, const struct status_query *query, roster_fn *done,
                roster_wanted_fn *wanted, void *owner) WSL_MUST_CHECK;

/* Whether there was such a session; `who` asked for it, for the log. */
typedef void roster_end_fn(void *owner, bool found);

#define ROSTER_WHO 160

bool roster_end(struct session_env *env, uint64_t id, const char *who, roster_end_fn *done,
                void *owner) WSL_MUST_CHECK;

/* The word for a state in which a session is listed. */
const char *roster_state(const struct roster_row *row);

/* Who holds its session back: "client", "target" or "both"; NULL: nobody does. */
const char *roster_stalled(const struct roster_row *row);

#endif
