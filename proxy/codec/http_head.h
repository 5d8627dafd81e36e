/*
 * The head of an HTTP/1.1 request, RFC 9112, strict: what two servers could read differently is
 * refused. And the head of a response.
 *
 * Pure: the parser allocates nothing; its slices point into the caller's buffer and live as long.
 *
 * Owns: nothing. Thread: any. Errors: HTTP_BAD with a reason. Lifetime: slices borrow the buffer.
 */
#ifndef WSLUICE_CODEC_HTTP_HEAD_H
#define WSLUICE_CODEC_HTTP_HEAD_H

#include "base/base.h"
#include "base/reason.h"

#define HTTP_FIELDS_MAX 100

struct http_field {
    struct slice name, value; /* value without surrounding white space */
};

struct http_head {
    struct slice method, target; /* target as sent: origin-form, absolute-form, ... */
    struct slice host;           /* the one Host field, validated as uri-host [":" port] */
    struct slice path, query;    /* of the target; query without "?", ptr NULL when there is none */
    uint8_t minor_version;       /* HTTP/1.x */
    bool has_body;               /* Content-Length above 0, or any Transfer-Encoding */
    uint16_t field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

struct http_limits {
    size_t head_bytes;  /* the whole head, 16 KiB by default */
    size_t line_bytes;  /* the request target; above it 414 */
    unsigned fields;    /* at most HTTP_FIELDS_MAX */
};

enum http_verdict {
    HTTP_MORE, /* not yet whole, and nothing wrong so far */
    HTTP_HEAD, /* whole: *consumed bytes, then whatever the client sent after it */
    HTTP_BAD,  /* *bad says why */
};

/*
 * `scanned` carries how far an earlier call has searched for the end of the head, so that a head
 * that drips in byte by byte costs linear work; it starts at 0. A violation is reported as soon as
 * the offending bytes are there.
 */
enum http_verdict http_head_parse(struct http_head *head, const char *bytes, size_t length,
                                  const struct http_limits *limits, size_t *scanned,
                                  size_t *consumed, enum reason *bad) WSL_MUST_CHECK;

/* The only field of that name; NULL when there is none or more than one (count says which). */
const struct http_field *http_head_only(const struct http_head *head, struct slice name,
                                        unsigned *count);

/* Does any field of that name list this token (RFC 9110 section 5.6.1, case-insensitive)? */
bool http_head_lists(const struct http_head *head, struct slice name, struct slice token);

/*
 * Walks a comma-separated list; returns false at its end. Empty elements are skipped, white space
 * is trimmed. `rest` begins as the value and is advanced.
 */
bool http_list_next(struct slice *rest, struct slice *element);

bool http_is_token(struct slice text);

/* The standard phrase of a status that we send. */
const char *http_status_phrase(unsigned status);

#endif
