/*
 * The opening of a session: from the first byte of HTTP to an answer. Collects a head that arrives
 * in parts, checks the handshake of an upgrade, and prepares the 101 or a refusal. Frames that
 * arrived with the head are kept.
 *
 * A request may hold secrets (Authorization, cookies, the password of a form): what is held of it
 * is wiped before it is freed.
 *
 * Pure but for malloc. Owns: the unfinished head and body, the answer, the offers, the early
 * frames. Thread: its worker. Errors: OPENING_REFUSED with a reason. Lifetime: zeroed is ready;
 * opening_free.
 */
#ifndef WSLUICE_CORE_SESSION_OPENING_H
#define WSLUICE_CORE_SESSION_OPENING_H

#include "codec/http/http_head.h"
#include "config/model/section/config_place.h"

enum opening_verdict {
    OPENING_MORE,
    OPENING_REQUEST, /* a complete head, for the caller to decide on */
    OPENING_UPGRADE, /* the answer is prepared, early frames are kept */
    OPENING_BODY,    /* the body of a request is whole */
    OPENING_REFUSED,
};

struct opening {
    char *held; /* the head so far, if it did not arrive in one read */
    size_t held_length, held_capacity;
    size_t awaited; /* of `held`: head and body of the request whose body is awaited; 0: none */
    struct http_scan scan;
    bool pending; /* `held` begins with bytes of the next request */
    char *answer; /* the 101 head */
    size_t answer_length;
    struct config_texts offers; /* for the target (opening_terms); one block of memory */
    uint8_t *early;             /* what followed the head; NULL: nothing */
    size_t early_length;
    enum reason refusal;
    bool head_only; /* the request is a HEAD: its answer has no body */
};

/* Borrows the bytes that were fed, or those that the opening holds: until either changes. */
struct opening_request {
    struct http_head head;
    struct slice body; /* only with OPENING_BODY */
    struct slice rest; /* the bytes behind it */
};

/* The part of a route's configuration that matters to the handshake. */
struct opening_terms {
    /* In order of preference; none: the choice of ws_handshake_check. */
    const char *const *subprotocols;
    size_t subprotocol_count;
    bool target_chooses; /* among the client's offers: the answer waits for opening_choose */
    bool target_is_told; /* the subprotocol of the answer is the only offer */
    struct slice fields; /* whole field lines for the 101 */
};

/*
 * Takes bytes of the client, in order; length 0 if opening_has_pending. After REFUSED it is not
 * called again, after REQUEST not before opening_next.
 */
WSL_MUST_CHECK enum opening_verdict opening_feed(struct opening *opening, const char *bytes,
                                                 size_t length, const struct http_limits *limits,
                                                 struct opening_request *request);

/* For a request that is to become a WebSocket: UPGRADE or REFUSED. */
WSL_MUST_CHECK enum opening_verdict opening_upgrade(struct opening *opening,
                                                    const struct opening_request *request,
                                                    const struct opening_terms *terms);

/* What the target has chosen of the offers, for the 101. False: out of memory. */
WSL_MUST_CHECK bool opening_choose(struct opening *opening, const char *subprotocol);

/*
 * For a request with a body that is wanted, instead of opening_next: BODY, as it has come with the
 * head; MORE, and opening_feed returns BODY later, with the same head; or REFUSED. A body has a
 * Content-Length of at most `most`; any other framing is refused, so that its end is never guessed.
 * A client that waits for "100 Continue" is refused as well: browsers do not.
 */
WSL_MUST_CHECK enum opening_verdict opening_body(struct opening *opening,
                                                 struct opening_request *request, size_t most);

/*
 * After a plain request: releases it, and keeps the bytes behind it for the next one. False: out of
 * memory.
 */
WSL_MUST_CHECK bool opening_next(struct opening *opening, const struct opening_request *request);

/*
 * Whether the connection may stay behind this request (RFC 9112 section 9.3). A client that offers
 * an upgrade may send another protocol behind the head, and a body that is not read would be parsed
 * as the next request.
 */
bool opening_may_stay(const struct http_head *head, bool body_read);

/* Bytes of the next request are held that no opening_feed has looked at. */
static inline bool opening_has_pending(const struct opening *opening)
{
    return opening->pending;
}

/* After opening_body: a part of the body is missing. */
static inline bool opening_awaits_body(const struct opening *opening)
{
    return opening->awaited > 0;
}

void opening_free(struct opening *opening);

#endif
