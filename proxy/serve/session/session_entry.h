/*
 * What a session needs until it is open, and no longer: its request, the answer to it, the
 * result that it waits for.
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
    struct session *session;           /* NULL: it has ended */
    void (*abandoned)(void *producer); /* the answer is not wanted any more; NULL: not notified */
    void *producer;
};

struct session_entry {
    struct admission admission;
    struct opening opening;
    struct route_match match;              /* its texts lie in path */
    char *path;                            /* owned; in normal form */
    struct token_destination *destination; /* owned; of its token. NULL: the route has no tokens */
    char *host;      /* owned; what the client asked for, for a PROXY header to the target */
    uint8_t *header; /* owned; an unfinished PROXY header */
    size_t header_length;
    /* Plain requests: */
    struct session_wait *wait; /* in WAITING or LOOKING */
    struct reply_flow *flow;   /* owned; in REPLYING */
    uint64_t unsent;           /* in the kernel, when the answer last stood still; once known */
    char method[16];           /* as much of it as the log needs */
    uint16_t status;           /* of the answer */
    uint8_t outcome; /* enum reason: how the latest request was answered; none: no request was */
    bool keep;       /* the connection stays for another request */
    bool unsent_known;
    bool overdue;    /* in LOOKING, WAITING: session_entry_last_turn has been granted */
    bool head_timed; /* a later request has begun, and has its own deadline */
};

/* How a connection ends well that has had answers; none: it has had none. */
static inline enum reason session_entry_outcome(const struct session *session)
{
    return session->entry ? (enum reason)session->entry->outcome : REASON_none;
}

/* A part of the next request's head has come. A client that has sent none is not answered. */
static inline bool session_entry_head_begun(const struct session *session)
{
    return session->entry->opening.held_length > 0;
}

/*
 * The deadline of a result that another thread produces, which may have arrived while this one was
 * not running. True, once for each wait: one more turn of the loop is due.
 */
WSL_MUST_CHECK bool session_entry_last_turn(struct session *session);

/* Tells the producer of a pending answer, if there is one, that it is not wanted any more. */
void session_entry_abandon(struct session_entry *entry);

/* Frees what belongs to one request; its connection stays. */
void session_entry_reset(struct session_entry *entry);

/* Frees all of it; again: nothing happens. */
void session_entry_free(struct session *session);

#endif
