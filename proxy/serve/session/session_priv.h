/*
 * The struct of a session, for the modules that make it up:
 *
 *      serve/session
 *      session_entry    what is needed until the session is open
 *      session_state    its steps from state to state
 *      session_facts    client, listener, route and target, in words
 *      session_log      the lines about it
 *      session_end      the one way to die
 *      session_bridge   turns, ticks and rates of its bridge
 *      session_lingering   the lingering close after the last plain answer
 *
 *      serve/stages                                        states
 *      session_preface  PROXY header, first byte, TLS      PREFACE, TLS
 *      session_request  the head, and its route            HEAD
 *      session_token    which target its token names       LOOKING
 *      session_connect  connecting to a target, the 101    DIALLING, ANSWERED
 *      session_reply    how answers and refusals are sent  WAITING, REPLYING, CLOSING
 *      session_http     plain answers by kind of route     -> REPLYING
 *      session_drain    ending sessions from outside       all
 *      session          events, deadlines, calls from outside
 *
 * Owns: see the fields. Thread: its worker's. Errors: reasons. Lifetime: from session_accept until
 * libuv has let go of the timer (session_end.h).
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

/* The bytes that have passed at the last measurement, made about once a second while they flow. */
struct session_rates {
    uint64_t at, up, down;
    uint32_t up_per_second, down_per_second; /* between the last two measurements; may saturate */
};

struct session {
    struct list link; /* in the order of their ids */
    uint64_t id;
    struct session_env *env;
    struct site *site;                    /* a reference */
    const struct config_route *route;     /* of the site; NULL: not known yet */
    uint32_t listener;                    /* index in the site's configuration */
    uint8_t state;                        /* enum life_state */
    bool opened;                          /* it has been OPEN: bytes could flow */
    bool proxy_header_done;               /* it was read, or none is expected */
    struct limits_usage usage;            /* what it is counted in */
    int fd, target_fd;                    /* the latter while there is a target */
    struct addr peer;                     /* of the socket */
    struct client_address client_address; /* the peer, or the client that a proxy named */
    struct plain client_plain, target_plain;
    struct transport *client, *target;
    struct watch *client_watch, *target_watch;
    struct session_entry *entry;             /* owned; NULL once open */
    struct target_connect *connecting;       /* while connecting to a target */
    struct pool_target *pool_target;         /* the one that is connected; to pool_end */
    const struct config_target *last_target; /* of the last attempt; NULL: none yet */
    char *target_address; /* owned; for the log, if made from the request; NULL: as configured */
    struct route_stats_use stats;
    char *detail;    /* owned; why, in the system's words, for the log */
    struct tap *tap; /* owned; NULL: nothing is recorded or shown */
    uint64_t number; /* of the connection, from 1 */
    uint64_t accepted_at, asked_at;
    uv_timer_t timer;
    struct session_rates rates;
    struct lingering lingering;
    struct bridge bridge;
};

static inline uint64_t session_now(const struct session *session)
{
    return uv_now(session->env->loop);
}

/* The deadline of its state, which stages/session.c acts on. */
static inline void session_arm(struct session *session, uint64_t milliseconds)
{
    uv_timer_start(&session->timer, session->env->on_deadline, milliseconds, 0);
}

/* A delayed acknowledgement is on its way for 40 ms, the round trip apart. */
#define SESSION_ACKNOWLEDGED_MS 250

/*
 * The first tick asks what is unsent; what it says later is measured by that. By then a client that
 * reads has acknowledged its last bytes: seen at the deadline, that would pass for progress, and a
 * client that never hangs up would get twice its time.
 */
static inline void session_arm_first_check(struct session *session, uint32_t timeout)
{
    session_arm(session, timeout < SESSION_ACKNOWLEDGED_MS ? timeout : SESSION_ACKNOWLEDGED_MS);
}

#endif
