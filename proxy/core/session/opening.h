/*
 * The opening of a session: from the first byte of HTTP to an answer. Collects a head that comes in
 * parts, judges it, and prepares the 101 or says why not. Frames that came behind the head are
 * kept.
 *
 * Pure but for malloc. Owns: the unfinished head, the answer, the early frames. Thread: its worker.
 * Errors: OPENING_REFUSED with a reason. Lifetime: zeroed is ready; opening_free.
 */
#ifndef WSLUICE_CORE_SESSION_OPENING_H
#define WSLUICE_CORE_SESSION_OPENING_H

#include "codec/http/http_head.h"

enum opening_verdict {
    OPENING_MORE,
    OPENING_REQUEST, /* a whole head: what it asks for is for the caller to look at */
    OPENING_UPGRADE, /* the answer is prepared, early frames are kept */
    OPENING_REFUSED,
};

struct opening {
    char *held; /* the head so far, when it did not come at once */
    size_t held_length, held_capacity;
    struct http_scan scan;
    bool unjudged; /* what is held came behind another head */
    char *answer;  /* the 101 head */
    size_t answer_length;
    uint8_t *early; /* what followed the head; NULL: nothing */
    size_t early_length;
    enum reason refusal;
    bool head_only; /* the refusal answers a HEAD request: without a body */
};

/* Borrows the bytes that were fed, and what the opening holds: only until either changes. */
struct opening_request {
    struct http_head head;
    struct slice rest; /* what followed it */
};

/* What a route adds to the handshake. */
struct opening_terms {
    const char *const
        *subprotocols; /* in order of preference; none: as ws_handshake_check has it */
    size_t subprotocol_count;
    struct slice fields; /* whole field lines for the 101 */
};

/*
 * Bytes of the client, in order; none, with length 0, where opening_pending. After REFUSED no more,
 * after REQUEST not before opening_next.
 */
WSL_MUST_CHECK enum opening_verdict opening_feed(struct opening *opening, const char *bytes,
                                                 size_t length, const struct http_limits *limits,
                                                 struct opening_request *request);

/* The request is to become a WebSocket: UPGRADE or REFUSED. */
WSL_MUST_CHECK enum opening_verdict opening_upgrade(struct opening *opening,
                                                    const struct opening_request *request,
                                                    const struct opening_terms *terms);

/*
 * The request is not to become a WebSocket, and another one may follow it: what came behind it is
 * kept, and the request itself is gone. False: out of memory.
 */
WSL_MUST_CHECK bool opening_next(struct opening *opening, const struct opening_request *request);

/* Bytes of the next request are held that were not yet looked at. */
static inline bool opening_pending(const struct opening *opening)
{
    return opening->unjudged;
}

void opening_free(struct opening *opening);

#endif
