/*
 * A plain HTTP answer: a file, page, metrics, health, redirect or refusal. The code that answers
 * describes it in a struct reply; session_reply sends it.
 *
 * No text of a peer or of the configuration can begin another field or another answer: values that
 * RFC 9110 section 5.5 does not allow are left out, and so are fields that frame the body.
 *
 * Owns: a body of source OWNED or FILE, until it is sent or released. Thread: any. Errors: 0 or
 * NULL: out of memory, or an invalid Location. Lifetime: texts and a BORROWED body are borrowed
 * until the call that sends the answer returns.
 */
#ifndef WSLUICE_SERVE_HTTP_REPLY_H
#define WSLUICE_SERVE_HTTP_REPLY_H

#include "base/base.h"
#include "base/reason.h"
#include "config/model/config.h"

enum reply_source {
    REPLY_EMPTY,
    REPLY_BORROWED, /* valid during the call only: unsent bytes are copied */
    REPLY_STATIC,   /* bytes that outlive every session */
    REPLY_OWNED,    /* malloc'd bytes; freed when they are sent */
    REPLY_FILE,     /* a part of a regular file; the descriptor is closed after it is sent */
};

struct reply_body {
    enum reply_source source;
    const char *bytes; /* BORROWED, STATIC, OWNED */
    char *owned;       /* OWNED: the same, to be freed */
    int fd;            /* FILE; may be -1 in an answer to HEAD */
    uint64_t offset;   /* FILE: where the part begins */
    uint64_t length;
};

struct reply {
    unsigned status;
    enum reason reason;                 /* for metrics and the log; none: not a refusal */
    const char *location;               /* NULL: none */
    const char *content_type;           /* NULL: no such field */
    const char *cache_control;          /* NULL: no such field */
    const struct config_header *fields; /* further ones */
    size_t field_count;
    struct reply_body body;
};

/* The parts of the head that depend on the connection and the route. */
struct reply_terms {
    const char *date;   /* an IMF-fixdate; NULL: no Date field */
    struct slice lines; /* the route's own fields, from reply_fields */
    bool keep;          /* more answers may follow on this connection */
    bool head_only;     /* answer to HEAD: fields describe the body, which is not sent */
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

/* Whether an answer of that status has a body and a length (RFC 9110 sections 15.3.5, 15.4.5). */
bool reply_has_content(unsigned status);

/* Whether bytes follow the head. */
static inline bool reply_sends_body(const struct reply *reply, const struct reply_terms *terms)
{
    return !terms->head_only && reply->body.length > 0 && reply_has_content(reply->status);
}

/* The refusal in the reason table; `reason` must have an HTTP status. */
struct reply reply_refusal(enum reason reason);

/* Whether a text can be the Location. */
bool reply_is_uri(const char *text);

/* The most bytes that the head needs; and the head: its length, or 0: the Location is invalid. */
WSL_MUST_CHECK size_t reply_head_max(const struct reply *reply, const struct reply_terms *terms);
WSL_MUST_CHECK size_t reply_head(const struct reply *reply, const struct reply_terms *terms,
                                 char *out);

/* Head and body in one buffer, for a body in memory. malloc'd; `length` is set. */
WSL_MUST_CHECK char *reply_build(const struct reply *reply, const struct reply_terms *terms,
                                 size_t *length);

/* Frees what the body owns; for an answer that is not sent. */
void reply_release(const struct reply *reply);

/* A route's own header fields as whole lines, malloc'd; NULL and 0: none. False: no memory. */
WSL_MUST_CHECK bool reply_fields(const struct config_route *route, char **lines, size_t *length);

#endif
