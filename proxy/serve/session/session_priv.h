/*
 * The struct of a session, for the modules that make it up:
 *
 *      serve/session                                        states
 *      session_env        shared by the sessions of a worker
 *      session_client     a connection without a session
 *      session_entry      needed until the session is open  up to DIALLING, UPGRADED
 *      session_state      steps from state to state         all
 *      session_extra      what only few sessions have
 *      session_facts      client, listener, route, target
 *      session_log        its log lines
 *      session_end        its end                           -> DEAD
 *      session_bridge     turns, ticks, rates of a bridge   UPGRADED, OPEN, CLOSING
 *      session_lingering  the close after the last answer   LINGERING
 *
 *      serve/destination
 *      session_route      the route of a request            HEAD
 *      session_token      the target of a token             LOOKING_UP
 *
 *      serve/stages
 *      session_preface    PROXY header, first byte, TLS     PREFACE, TLS
 *      session_request    the head, admission               HEAD
 *      session_refusal    requests that are not let in      HEAD, LOOKING_UP
 *      session_auth       who the client is                 LOOKING_UP
 *      session_connect    connecting to a target, the 101   DIALLING, UPGRADED
 *      session_tap        what is recorded or watched       OPEN
 *      session_reply      sending answers and refusals      WAITING, REPLYING
 *      session_http       plain answers by kind of route    HEAD -> REPLYING
 *      session_files      files                             HEAD -> WAITING, REPLYING
 *      session_status     the status, ending a session      HEAD -> WAITING, REPLYING
 *      session_drain      ending sessions from outside      all
 *      session            events, deadlines, accepting      all
 *
 * Owns: see the fields. Thread: its worker's. Errors: reasons. Lifetime: from session_accept until
 * session_end_free.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_PRIV_H
#define WSLUICE_SERVE_SESSION_SESSION_PRIV_H

#include "core/access/client_address.h"
#include "core/bridge/bridge.h"
#include "core/session/life.h"
#include "core/session/lingering.h"
#include "net/addr.h"
#include "net/plain.h"
#include "serve/metrics/route_stats.h"
#include "serve/session/session_env.h"
#include "serve/site/limits.h"

/* Measured about once a second while bytes flow; `stats` has the byte counts of the last time. */
struct session_rates {
    uint64_t at;
    uint32_t up_per_second, down_per_second; /* between the last two measurements; may saturate */
};

struct session {
    struct list link; /* in the order of their ids */
    uint64_t id;
    struct session_env *env;
    struct site *site;                    /* a reference */
    const struct config_route *route;     /* of the site; NULL: not known yet */
    struct limits_usage usage;            /* the counters that it is in */
    uint32_t listener;                    /* index in the site's configuration */
    int fd, target_fd;                    /* target_fd: valid if target is set */
    struct deadline deadline;             /* of its state */
    struct addr peer;                     /* of the socket */
    struct client_address client_address; /* the peer, or the client that a proxy named */
    uint8_t state;                        /* enum life_state */
    /* enum reason: why a request of browsers by themselves was refused; none: no such */
    uint8_t automatic;
    bool opened : 1;            /* it has been OPEN */
    bool admin : 1;             /* of the admin socket: it does not hold up the end */
    bool proxy_header_done : 1; /* it was read, or none is expected */
    struct plain client_plain, target_plain;
    struct transport *client, *target;
    struct watch *client_watch, *target_watch;
    struct session_entry *entry;             /* owned; NULL once open */
    struct lingering *lingering;             /* owned; NULL: it has not begun */
    struct pool_target *pool_target;         /* the one that is connected; to target_pool_end */
    const struct config_target *last_target; /* of the last attempt; NULL: none yet */
    struct route_stats_use stats;
    struct session_extra *extra; /* owned; NULL: it has none of that */
    struct tap *tap;             /* owned; NULL: nothing is recorded or shown */
    uint64_t number;             /* of the connection, from 1 */
    uint64_t accepted_at;
    struct session_rates rates;
    struct bridge bridge; /* from the 101 on; opened_at is 0 before */
};
_Static_assert(sizeof(void *) != 8 || sizeof(struct session) <= 680,
               "there may be ten thousand idle ones");

static inline uint64_t session_now(const struct session *session)
{
    return uv_now(session->env->loop);
}

/* Sets the deadline of its state; session_deadline_cb handles it. */
static inline void session_arm(struct session *session, uint64_t milliseconds)
{
    timers_start(&session->env->timers, &session->deadline, milliseconds);
}

/* A delayed ACK takes 40 ms and a round trip. */
#define SESSION_ACKNOWLEDGED_MS 250

/*
 * The first tick reads the unsent bytes; later ticks compare with that. It comes after the ACK of
 * the last bytes: an ACK that is first seen at the deadline would count as progress, and a client
 * that never closes would get twice the timeout.
 */
static inline void session_arm_first_check(struct session *session, uint32_t timeout)
{
    session_arm(session, timeout < SESSION_ACKNOWLEDGED_MS ? timeout : SESSION_ACKNOWLEDGED_MS);
}

#endif
