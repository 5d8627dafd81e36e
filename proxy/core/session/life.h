/*
 * The life of a session as a table: which state may follow which, and for each state its deadline
 * and the resources that exist in it. Everything that takes time is an event, so the machine runs
 * from a script.
 *
 *      PREFACE --> TLS --> HEAD --> DIALLING --> OPEN --> CLOSING --> DEAD
 *         |                 ^ ||                  ^         ^
 *         +-----------------+ ||                  |         |
 *                             |+--> UPGRADED -----+         |
 *                             |        +------------------->+ Close 1011
 *                             |
 *                             +-- refused: 4xx; DIALLING fails: 502, 504 --> LINGERING --> DEAD
 *                                                                              ^
 *      HEAD --> WAITING --> REPLYING --------- the last plain answer ----------+
 *       ^ |                  ^  |
 *       | +------------------+  |
 *       +--- the connection ----+
 *             stays
 *
 *      HEAD --> LOOKING_UP --> DIALLING, UPGRADED, WAITING, REPLYING or a refusal: who the client
 *               |        ^                                  is, and where its token leads, is found
 *               +--------+
 *
 *      HEAD --> DIALLING --> OPEN, LINGERING: a raw listener's client sends no head, and gets no
 *                                             answer if it is refused
 *
 * Every state may also fall to DEAD at once: when the client is gone, when a deadline passes before
 * an answer is possible, when the process ends.
 *
 * Pure. Owns: nothing. Thread: any. Errors: an event that a state does not know is our bug: abort.
 * Lifetime: plain memory.
 */
#ifndef WSLUICE_CORE_SESSION_LIFE_H
#define WSLUICE_CORE_SESSION_LIFE_H

#include "base/base.h"

/*
 * What a session may have besides the client's descriptor, its watch and the timer. The table in
 * life.c says for each state which of these it has, and which it may have.
 */
enum life_resource {
    LIFE_ENTRY = 1 << 0,   /* the request, and what is needed until the session is open */
    LIFE_CLIENT = 1 << 1,  /* the client's transport */
    LIFE_WAIT = 1 << 2,    /* a result that another part produces */
    LIFE_ANSWER = 1 << 3,  /* an answer on its way to the client */
    LIFE_CONNECT = 1 << 4, /* the attempt to connect to a target */
    LIFE_TARGET = 1 << 5,  /* the target's transport and its watch */
    LIFE_BRIDGE = 1 << 6,
    LIFE_LINGER = 1 << 7, /* the lingering close after a plain answer */
};

enum life_state {
    LIFE_PREFACE,    /* the first byte will tell TLS from plain */
    LIFE_TLS,        /* the handshake */
    LIFE_HEAD,       /* a request is read */
    LIFE_WAITING,    /* the answer to a plain request is produced */
    LIFE_REPLYING,   /* the answer is sent */
    LIFE_LOOKING_UP, /* who the client is, or the target of its token, is looked up */
    LIFE_DIALLING,   /* connecting to a target; the client waits for its 101 */
    LIFE_UPGRADED,   /* the same; the client has its 101 */
    LIFE_OPEN,       /* client and target are connected */
    LIFE_CLOSING,    /* the last bytes of a bridge go out */
    LIFE_LINGERING,  /* the last answer goes out, and the client reads it */
    LIFE_DEAD,       /* handles are closing, the last callback frees */
    LIFE_STATES,
};

enum life_event {
    LIFE_SAW_TLS,       /* the first byte is a TLS hello, and the listener takes it */
    LIFE_SAW_PLAIN,     /* the first byte is not, and the listener takes that */
    LIFE_TLS_DONE,      /* handshake complete */
    LIFE_LOOK_UP,       /* a good request whose client or token is not known yet */
    LIFE_UPGRADE_FIRST, /* a good upgrade request for a route that dials first, or a raw client */
    LIFE_UPGRADE_AFTER, /* likewise, for a route that answers first */
    LIFE_ASKED,         /* a plain request whose answer takes time */
    LIFE_ANSWERING,     /* the answer to a plain request goes out */
    LIFE_SENT,          /* the kernel has all of the answer; another request may follow */
    LIFE_SENT_LAST,     /* likewise; none may follow */
    LIFE_REFUSED,       /* the last answer goes out, or a refusal without one, then the end */
    LIFE_TARGET_READY,  /* the target is connected */
    LIFE_TARGET_FAILED, /* no target could be connected to */
    LIFE_ENDING,        /* the bridge has a reason to end */
    LIFE_DROPPED,       /* no answer is possible or owed: the descriptors are closed */
    LIFE_EVENTS,
};

enum life_deadline {
    LIFE_NO_DEADLINE,
    /* One for all of PREFACE, TLS and the first HEAD, from accept; later heads have their own. */
    LIFE_HANDSHAKE_DEADLINE,
    LIFE_REPLY_DEADLINE, /* until an answer is there, and until its next bytes are taken */
    LIFE_TOKEN_DEADLINE, /* until the client, or the token's target, is known */
    LIFE_CONNECT_DEADLINE,
    LIFE_BRIDGE_DEADLINE, /* set by bridge_time_tick */
    LIFE_LINGER_DEADLINE, /* set by lingering_tick */
};

/* The state after an event; aborts if the table has no such edge. */
WSL_MUST_CHECK enum life_state life_next(enum life_state state, enum life_event event);

/* Whether the table has that edge. */
bool life_allows(enum life_state state, enum life_event event);

/*
 * Whether a session with these resources (enum life_resource) may take that edge: it has what the
 * new state needs, and nothing that the new state may not have. LIFE_DROPPED releases everything
 * afterwards: it has nothing that the state before may not have.
 */
bool life_fits(enum life_state state, enum life_event event, unsigned resources);

const char *life_name(enum life_state state);
enum life_deadline life_deadline(enum life_state state);

#endif
