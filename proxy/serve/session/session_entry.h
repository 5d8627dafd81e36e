/*
 * The part of a session that it needs until it is open, and no longer: its request, the answer to
 * it, and the result of another thread that is pending.
 *
 * Owns: see the fields. Thread: the session's. Errors: none. Lifetime: from session_accept to
 * session_entry_free, which comes no later than the session's end.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_ENTRY_H
#define WSLUICE_SERVE_SESSION_SESSION_ENTRY_H

#include "core/route/route.h"
#include "core/session/admission.h"
#include "core/session/opening.h"
#include "serve/session/session_priv.h"

/* A pending asynchronous answer; owned by its producer until session_reply_resume. */
struct session_wait {
    struct session *session;           /* NULL: the answer is not wanted any more */
    void (*abandoned)(void *producer); /* called when that happens; NULL: no notification */
    void *producer;
};

struct session_entry {
    struct admission admission;
    struct opening opening;
    struct route_match match;              /* its texts lie in path */
    char *path;                            /* owned; normalised */
    char *chosen;                          /* owned; the target that auth has named; NULL: none */
    const char *chosen_by;                 /* with `chosen`: the method; static */
    struct token_destination *destination; /* owned; the token's. NULL: the route has no tokens */
    char *host; /* owned; the Host of the request, for a PROXY header to the target */
    struct session_auth *auth; /* owned; who the client is. NULL: the route does not ask */
    void (*auth_release)(struct session_auth *auth);
    struct target_connect *connecting; /* in DIALLING or UPGRADED; NULL: not, or not any more */
    uint64_t asked_at;                 /* the latest request; of a raw client, its connection */
    uint8_t *header;                   /* owned; a PROXY header that is not complete */
    size_t header_length;
    /* Plain requests: */
    struct session_wait *wait; /* in WAITING or LOOKING_UP */
    struct reply_flow *flow;   /* owned; in REPLYING */
    uint64_t unsent;           /* bytes in the kernel at the last tick, if unsent_known */
    char method[16];           /* for the log; cut */
    uint16_t status;           /* of the answer */
    uint8_t answer;            /* enum reason: of the latest answer; none: nothing was answered */
    uint8_t outcome;           /* likewise, but a refusal outlasts later answers */
    bool keep;                 /* the connection stays for another request */
    bool is_logout;            /* PATH/logout of the route, which has a login */
    bool unsent_known;
    bool overdue;    /* in LOOKING_UP, WAITING: session_entry_last_turn has been granted */
    bool head_timed; /* a later request has begun, and has its own deadline */
};

/* The reason of a connection that ends after answers; none: it has had no answer. */
static inline enum reason session_entry_outcome(const struct session *session)
{
    return session->entry ? (enum reason)session->entry->outcome : REASON_none;
}

/* Whether a part of the next request's head has come; without one there is nothing to answer. */
static inline bool session_entry_has_partial_head(const struct session *session)
{
    return session->entry->opening.held_length > 0;
}

/*
 * At the deadline of a result that another thread produces. The result may have arrived while the
 * loop did not run, so each wait gets one more turn of the loop. True, once for each wait: that
 * turn is granted.
 */
WSL_MUST_CHECK bool session_entry_last_turn(struct session *session);

/* Tells the producer of a pending answer, if there is one, that it is not wanted any more. */
void session_entry_abandon(struct session_entry *entry);

/* Frees the parts of one request; the connection stays. */
void session_entry_reset(struct session_entry *entry);

/* Frees the entry. Called again: nothing happens. */
void session_entry_free(struct session *session);

#endif
