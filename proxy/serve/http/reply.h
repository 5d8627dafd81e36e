/*
 * A plain HTTP answer of ours, for what is no WebSocket: files, pages, metrics, health, redirects,
 * refusals. Whoever makes one describes it here; session_reply sends it.
 *
 * Nothing that a peer or the configuration put into it can begin another field or another answer:
 * what is no field by RFC 9110 section 5.5 is left out, and so is what would frame the body anew.
 *
 * Owns: a reply owns its body where that says so (OWNED, FILE), until it is sent or released.
 * Thread: any. Errors: 0 or NULL: out of memory, or a Location that is none. Lifetime: texts are
 * borrowed and looked at once, when the answer is sent; so is a BORROWED body.
 */
#ifndef WSLUICE_SERVE_HTTP_REPLY_H
#define WSLUICE_SERVE_HTTP_REPLY_H

#include "base/base.h"
#include "base/reason.h"
#include "config/model/config.h"

enum reply_source {
    REPLY_EMPTY,
    REPLY_BORROWED, /* bytes that are good during the call only: what is not sent is copied */
    REPLY_STATIC,   /* bytes that outlive every session */
    REPLY_OWNED,    /* malloc'd bytes; freed when they are sent */
    REPLY_FILE,     /* a part of a regular file; its descriptor is closed when that is sent */
};

struct reply_body {
    enum reply_source source;
    const char *bytes; /* BORROWED, STATIC, OWNED */
    char *owned;       /* OWNED: the same, to be freed */
    int fd;            /* FILE; -1 will do where the answer is one to HEAD */
    uint64_t offset;   /* FILE: where the part begins */
    uint64_t length;
};

struct reply {
    unsigned status;
    enum reason reason;        /* what is counted, and said at the end; none: it was answered */
    const char *location;      /* NULL: none */
    const char *content_type;  /* of the body; NULL: there is none, or it is not said */
    const char *cache_control; /* "no-store", "no-cache", ...; NULL: nothing is said */
    const struct config_header *fields; /* of whoever made the answer */
    size_t field_count;
    struct reply_body body;
};

/* What is said beside it by the connection that it leaves on. */
struct reply_terms {
    const char *date;   /* an IMF-fixdate; NULL: nothing is said */
    struct slice lines; /* the route's own fields, from reply_fields */
    bool keep;          /* more answers may follow on this connection */
    bool head_only;     /* to HEAD: the body is told of, and not sent */
};

static inline struct reply_body reply_static(struct slice text)
{
    return (struct reply_body){.source = REPLY_STATIC, .bytes = text.ptr, .length = text.len};
}

static inline struct reply_body reply_owned(char *bytes, size_t length)
{
    return (struct reply_body){
        .source = REPLY_OWNED, .bytes = bytes, .owned = bytes, .length = length};
}

/* Whether that status has a body, and says so with a length (RFC 9110 sections 15.3.5, 15.4.5). */
bool reply_has_content(unsigned status);

/* Whether bytes follow the head. */
static inline bool reply_sends_body(const struct reply *reply, const struct reply_terms *terms)
{
    return !terms->head_only && reply->body.length > 0 && reply_has_content(reply->status);
}

/* What the table says of that reason, which must have an HTTP status. */
struct reply reply_refusal(enum reason reason);

/* Room for the head, and the head itself: its length, or 0 for a Location that is none. */
WSL_MUST_CHECK size_t reply_head_max(const struct reply *reply, const struct reply_terms *terms);
WSL_MUST_CHECK size_t reply_head(const struct reply *reply, const struct reply_terms *terms,
                                 char *out);

/* A whole answer whose body is in memory, malloc'd; `length` is set. */
WSL_MUST_CHECK char *reply_build(const struct reply *reply, const struct reply_terms *terms,
                                 size_t *length);

/* Frees what the body owns; for an answer that nobody sends. */
void reply_release(const struct reply *reply);

/* A route's own header fields as whole lines, malloc'd; NULL and 0: there are none. */
WSL_MUST_CHECK bool reply_fields(const struct config_route *route, char **lines, size_t *length);

#endif
