/*
 * The life of a session as a table: from accept to the free, which state may follow which, and
 * which deadline rules in each. Everything that takes time is an event, so the machine runs from a
 * script.
 *
 *      PREFACE --> TLS --> HEAD --> DIALLING --> OPEN --> CLOSING --> DEAD
 *         |                 ^ ||       |          ^         ^
 *         +-----------------+ ||       +--------- | ------->| 502, 504
 *                             |+--> ANSWERED -----+         |
 *                             |        +------------------->| Close 1011
 *                             +-- refused ----------------->| 4xx
 *                                                           |
 *      HEAD --> WAITING --> REPLYING -----------------------+ a plain answer
 *       ^ |                  ^  |
 *       | +------------------+  |
 *       +--- the connection ----+
 *             stays
 *
 *      HEAD --> LOOKING --> DIALLING, ANSWERED or a refusal: the token's file is read
 *
 * Any state may also fall to DEAD at once: when the client is gone, when a deadline passes before
 * there is anybody to tell, when the process ends.
 *
 * Pure. Owns: nothing. Thread: any. Errors: an event that a state does not know is our bug: abort.
 * Lifetime: plain memory.
 */
#ifndef WSLUICE_CORE_SESSION_LIFE_H
#define WSLUICE_CORE_SESSION_LIFE_H

#include "base/base.h"

/* In each state: what is alive besides the client's descriptor, its watch and the timer. */
enum life_state {
    LIFE_PREFACE,  /* nothing: the first byte will tell TLS from plain */
    LIFE_TLS,      /* client transport */
    LIFE_HEAD,     /* client transport; the unfinished head, if it came in parts */
    LIFE_WAITING,  /* client transport; somebody makes the answer; what was asked behind it */
    LIFE_REPLYING, /* client transport; the answer on its way; what was asked behind it */
    LIFE_LOOKING,  /* client transport, early frames; the target of its token is looked up */
    LIFE_DIALLING, /* client transport, dial, early frames; the client waits for its 101 */
    LIFE_ANSWERED, /* the same and the bridge; the client has its 101 */
    LIFE_OPEN,     /* client and target transports, target's watch, bridge */
    LIFE_CLOSING,  /* the same, or without a target after a refusal */
    LIFE_DEAD,     /* nothing: handles are closing, the last callback frees */
    LIFE_STATES,
};

enum life_event {
    LIFE_SAW_TLS,       /* the first byte is a TLS hello, and the listener takes it */
    LIFE_SAW_PLAIN,     /* the first byte is not, and the listener takes that */
    LIFE_TLS_DONE,      /* handshake complete */
    LIFE_LOOK_UP,       /* a good upgrade request whose token is not known yet */
    LIFE_UPGRADE_FIRST, /* a good upgrade request for a route that dials first */
    LIFE_UPGRADE_AFTER, /* likewise, for a route that answers first */
    LIFE_ASKED,         /* a plain request whose answer takes time */
    LIFE_ANSWERING,     /* the answer to a plain request goes out */
    LIFE_TAKEN,         /* the client has all of it, and may ask again */
    LIFE_TAKEN_LAST,    /* the client has all of it, and that was the last */
    LIFE_REFUSED,       /* an answer other than 101 goes out, then the end */
    LIFE_TARGET_READY,  /* the target is connected */
    LIFE_TARGET_FAILED, /* it is not */
    LIFE_ENDING,        /* the bridge has a reason to end */
    LIFE_DROPPED,       /* no answer is possible or owed: the descriptors are closed */
    LIFE_EVENTS,
};

enum life_deadline {
    LIFE_NO_DEADLINE,
    LIFE_HANDSHAKE_DEADLINE, /* one for all of PREFACE, TLS and the first HEAD, from accept; the
                                heads of later requests have their own */
    LIFE_REPLY_DEADLINE,     /* until an answer is there, and until its next bytes are taken */
    LIFE_TOKEN_DEADLINE,     /* until the token's target is known */
    LIFE_CONNECT_DEADLINE,
    LIFE_BRIDGE_DEADLINE, /* set by bridge_time_tick */
};

/* The state after an event; aborts if the table has no such edge. */
WSL_MUST_CHECK enum life_state life_next(enum life_state state, enum life_event event);

/* Whether the table has that edge. */
bool life_allows(enum life_state state, enum life_event event);

const char *life_name(enum life_state state);
enum life_deadline life_deadline(enum life_state state);

#endif
