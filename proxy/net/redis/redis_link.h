/*
 * One connection to a Redis server: connects, shakes hands if the URL says rediss, sends AUTH and
 * SELECT, and then carries commands, whose replies come in the order of the commands.
 *
 *     CLOSED --redis_link_open--> DIALLING --> GREETING --> READY
 *        ^                            |            |          |
 *        +---------------- ended -----+------------+----------+
 *
 * Commands wait in a buffer of fixed size until the socket takes them, and are wiped then: they
 * hold tokens, and AUTH the password. A reply that is no reply to a command ends the connection.
 *
 * Nothing that comes from the server is quoted in a problem: servers quote commands in their
 * errors.
 *
 * Owns: dial, socket, parser, while it is not CLOSED. Thread: its loop's. Errors: `ended`, and
 * `problem`. Lifetime: in its owner's memory, zeroed at first; redis_link_close.
 */
#ifndef WSLUICE_NET_REDIS_REDIS_LINK_H
#define WSLUICE_NET_REDIS_REDIS_LINK_H

#include "config/model/config.h"
#include "core/tokens/redis_reply.h"
#include "net/connect/dial_result.h"
#include "net/plain.h"

struct dial;

#define REDIS_LINK_ROOM    ((size_t)16 * 1024) /* of commands that wait for the socket */
#define REDIS_LINK_PROBLEM 200

/* Where the server is, and how to log in; constant while links use it. */
struct redis_settings {
    const struct config_address *address;
    struct tls_ctx *tls;         /* NULL: plain */
    const char *user, *password; /* NULL: none */
    uint32_t database;
    uint32_t timeout_ms; /* of a look-up, and of connecting */
    uint32_t idle_ms;    /* a client without look-ups closes itself */
};

struct redis_link;

/*
 * Never called from within redis_link_open, _send and _close. Only `ended` is followed by nothing;
 * the link is CLOSED then.
 */
struct redis_link_events {
    void (*ready)(struct redis_link *link);
    /*
     * False: there was no such command, or the server is not ready for it; the link ends. `reply`
     * is VALUE, NOTHING or ERROR.
     */
    bool (*reply)(struct redis_link *link, const struct redis_reply *reply);
    void (*ended)(struct redis_link *link);
};

enum redis_link_state {
    REDIS_LINK_CLOSED,
    REDIS_LINK_DIALLING,
    REDIS_LINK_GREETING,
    REDIS_LINK_READY
};

struct redis_link {
    /* Set by the owner. */
    const struct redis_settings *settings;
    const struct redis_link_events *events;
    struct dial_loop loop;

    enum redis_link_state state;
    bool refused;      /* ended: by the server's own words, so trying again soon is no use */
    bool opening;      /* within redis_link_open */
    uint8_t greetings; /* replies to AUTH and SELECT that are still to come */
    struct dial *dial;
    struct watch *watch;
    struct transport *transport; /* `plain`, or TLS */
    struct plain plain;
    struct redis_parser *parser;
    bool blocked; /* the transport holds bytes that the socket did not take */
    bool failed;  /* a write has failed, for `failure` */
    enum reason failure;
    size_t begin, end;                /* of the commands in `out` */
    char problem[REDIS_LINK_PROBLEM]; /* of the last end; one line */
    char out[REDIS_LINK_ROOM];
};

/* False: it has failed at once; see `refused` and `problem`. The state may be READY at once. */
WSL_MUST_CHECK bool redis_link_open(struct redis_link *link);

/* The state is READY. False: there is no room for it until the socket takes what waits. */
WSL_MUST_CHECK bool redis_link_send(struct redis_link *link, const struct slice *words,
                                    size_t count);

/* Before silence of the server counts as a timeout: looks for replies that have arrived. */
void redis_link_poll(struct redis_link *link);

/* Without `ended`. CLOSED: nothing happens. */
void redis_link_close(struct redis_link *link);

/* As redis_link_close, and `problem` says why. */
void redis_link_fail(struct redis_link *link, const char *why);

#endif
