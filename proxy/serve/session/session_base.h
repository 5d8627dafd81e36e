/*
 * What all parts of a session share: the struct, the one way to die, the turns of its bridge.
 *
 *      session_preface  PROXY header, first byte, TLS      PREFACE, TLS
 *      session_request  the head and what it may have      HEAD
 *      session_token    which target its token names       LOOKING
 *      session_connect  reaching a target, the 101         DIALLING, ANSWERED
 *      session_reply    how answers and refusals are sent  WAITING, REPLYING, CLOSING
 *      session_http     what is answered                   -> REPLYING
 *      session          events, deadlines, the outside
 *
 * The dying rule: a session ends in session_base_die, which may be called in any state and closes
 * whatever is alive; the memory goes when libuv has let go of the timer, and nowhere else.
 *
 * Owns: see the fields. Thread: its worker's. Errors: reasons. Lifetime: the session's.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_BASE_H
#define WSLUICE_SERVE_SESSION_SESSION_BASE_H

#include "base/log/log.h"
#include "core/access/client_address.h"
#include "core/route/route.h"
#include "core/session/life.h"
#include "core/session/opening.h"
#include "net/plain.h"
#include "serve/http/reply.h"
#include "serve/metrics/route_stats.h"
#include "serve/session/session_env.h"
#include "serve/target/target_connect.h"

struct tap;

/* An answer that somebody is making; his until session_reply_resume. */
struct session_wait {
    struct session *session;        /* NULL: it is gone */
    void (*abandoned)(void *maker); /* nobody waits any longer; NULL: he does not care */
    void *maker;
};

/* What is needed until the session is open, and no longer. */
struct session_entry {
    struct opening opening;
    struct route_match match;  /* its texts lie in path */
    char *path;                /* owned; in normal form */
    struct token_place *place; /* owned; where its token leads to. NULL: its route has none */
    char *host;      /* owned; what the client asked for, for a PROXY header to the target */
    uint8_t *header; /* owned; an unfinished PROXY header */
    size_t header_length;
    /* Plain requests: */
    struct session_wait *wait; /* in WAITING or LOOKING */
    struct reply_flow *flow;   /* owned; in REPLYING */
    uint64_t unsent;           /* in the kernel, when the answer last stood still; once known */
    char method[16];           /* as much of it as the log needs */
    uint16_t status;           /* of the answer */
    uint8_t settled;           /* enum reason: how the latest request was answered; none: no one */
    bool keep;                 /* the connection stays for another request */
    bool unsent_known;
    bool overdue; /* in LOOKING, WAITING: the deadline has passed, one more turn of the loop is due
                   */
    bool head_timed;             /* a later request has begun, and has its own deadline */
    bool named;                  /* each request names its client, for a trusted proxy: */
    struct client_address proxy; /* that one */
};

#define SESSION_MARK_MS 1000

/* What went by when it was last looked, about every second while bytes flow. */
struct session_mark {
    uint64_t at, up, down;
    uint32_t rate_up, rate_down; /* bytes per second before that; stays at its most */
};

struct session {
    struct list link; /* in the order of their ids */
    uint64_t id;
    struct session_env *env;
    struct site *site;                /* a reference */
    const struct config_route *route; /* of the site; NULL: not known yet */
    uint32_t listener;                /* index in the site's configuration */
    uint8_t state;                    /* enum life_state */
    uint8_t verdict;          /* enum reason: an answer that is fixed before the request is read */
    bool opened;              /* it has been OPEN: bytes could flow */
    bool counted;             /* its address is known, and counted where that is limited */
    bool greeted;             /* the PROXY header is read, or there is none */
    struct limits_usage pass; /* what it is counted in */
    int fd, target_fd;        /* the latter while there is a target */
    struct addr peer;         /* of the socket */
    struct client_address client_address; /* who that stands for */
    struct plain client_plain, target_plain;
    struct transport *client, *target;
    struct watch *client_watch, *target_watch;
    struct session_entry *entry;       /* owned; NULL once open */
    struct target_connect *connecting; /* while a target is looked for */
    struct pool_target *reached;       /* the one that was found */
    const struct config_target *tried; /* the last one; NULL: none yet */
    char *filled; /* owned; its address, where that was made of this request; for the log */
    struct route_stats_use stats;
    char *detail;    /* owned; why, in the system's words, for the log */
    struct tap *tap; /* owned; NULL: nothing is recorded or shown */
    uint64_t number; /* of the connection, from 1 */
    uint64_t accepted_at, asked_at;
    uv_timer_t timer;
    struct session_mark mark;
    struct bridge bridge;
};

/* Who takes part, in words. */
struct session_names {
    char client[ADDR_TEXT], proxy[ADDR_TEXT]; /* proxy empty: the client came by itself */
    const char *listener;
    const char *route, *target; /* NULL: not known, or there is none */
    char address[256];          /* where target may lie */
};

void session_base_names(const struct session *session, struct session_names *names);

void session_base_step(struct session *session, enum life_event event);
uint64_t session_base_now(const struct session *session);
const struct config_limits *session_base_limits(const struct session *session);
const struct config_listener *session_base_listener(const struct session *session);
bool session_base_tls(const struct session *session);
/* Whether this request's client came over TLS: what a trusted proxy says, else how it came here. */
bool session_base_secure(const struct session *session, const struct http_head *head);
enum metrics_tls session_base_protocol(const struct session *session);
struct tls_scratch **session_base_tls_scratch(struct session *session);

/* One number for who the client is, by address (IPv6 by /64); 0: not known. */
uint64_t session_base_client(const struct session *session);

/* The one way to die. */
void session_base_die(struct session *session, enum reason reason);

/* For the log line; the first one stays. */
void session_base_detail(struct session *session, const char *detail);

/* Whoever makes its answer is told that nobody waits for it any longer, if somebody does. */
void session_base_abandon(struct session_entry *entry);

void session_base_forget_entry(struct session *session);

/* What belongs to one request; its connection stays. */
void session_base_forget_request(struct session_entry *entry);

/* How a connection ends well that has had answers; none: it has had none. */
enum reason session_base_settled(const struct session *session);

/* Who takes part, as fields of a line. */
void session_base_log_parties(const struct session *session, struct log_line *line);

/* A deadline, for session.c to act on. */
void session_base_arm(struct session *session, uint64_t milliseconds);

/*
 * The deadline of something that another thread makes, which may have come while this one was not
 * running. True, once: one more turn of the loop is due. `overdue` of the entry is false before.
 */
WSL_MUST_CHECK bool session_base_last_turn(struct session *session);
void session_base_arm_ending(struct session *session);

/* The bridge: after bytes were moved elsewhere, with descriptors ready, with time gone by. */
void session_base_follow(struct session *session);
void session_base_turn(struct session *session, unsigned ready);
void session_base_tick(struct session *session);

/* Rates anew, and its payload into the sums. */
void session_base_mark(struct session *session, uint64_t now);

#endif
