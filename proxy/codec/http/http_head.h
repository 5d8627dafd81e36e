/*
 * The head of an HTTP/1.1 request, RFC 9112, strict: a head that two servers could read differently
 * is refused.
 *
 * Pure: the parser allocates nothing; its slices point into the caller's buffer and live as long.
 *
 * Owns: nothing. Thread: any. Errors: HTTP_BAD with a reason. Lifetime: slices borrow the buffer.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_HEAD_H
#define WSLUICE_CODEC_HTTP_HTTP_HEAD_H

#include "codec/http/http_scan.h"

#define HTTP_BODY_UNKNOWN UINT64_MAX

struct http_head {
    struct slice method, target; /* target as sent, in any of the four forms */
    struct slice host;        /* uri-host [":" port], validated; ptr NULL: HTTP/1.0 without Host */
    struct slice path, query; /* ptr NULL where there is none; query without "?", path not empty */
    uint8_t minor_version;    /* HTTP/1.x */
    bool has_body;            /* Content-Length above 0, or any Transfer-Encoding */
    uint64_t body_length; /* of Content-Length; HTTP_BODY_UNKNOWN: of another form, or too long */
    uint16_t field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

enum http_verdict {
    HTTP_MORE, /* not yet whole, and nothing wrong so far */
    HTTP_HEAD, /* whole: *consumed bytes; the rest is what the client sent after it */
    HTTP_BAD,  /* *bad says why; more bytes do not change that */
};

/*
 * Call it with all bytes so far each time that more arrive. It reads only the new bytes, so that a
 * head that arrives byte by byte costs linear work. `head` is filled with the verdict HTTP_HEAD and
 * need not be kept between calls.
 *
 * The first violation in the order of the bytes is the verdict, however the input is cut: grammar
 * and limits as soon as the offending byte is there; the meaning of the parts (form of the target,
 * Host, Content-Length, repeated fields) once the head is whole.
 */
WSL_MUST_CHECK enum http_verdict http_head_parse(struct http_head *head, const char *bytes,
                                                 size_t length, const struct http_limits *limits,
                                                 struct http_scan *scan, size_t *consumed,
                                                 enum reason *bad);

/* A copy with the bytes that it borrows, for http_head_free; NULL: out of memory. */
WSL_MUST_CHECK struct http_head *http_head_copy(const struct http_head *head);

/* Of a copy, which is wiped: it may hold passwords and cookies. NULL: nothing happens. */
void http_head_free(struct http_head *copy);

/*
 * uri-host [":" port]. No userinfo (RFC 9110 section 4.2.4) and no empty host (section 4.2.1),
 * which the schemes exclude; no IPvFuture and no zone, which no client sends.
 */
bool http_head_is_authority(struct slice text);

/* A target in origin form: a path from "/" on, and perhaps "?" and a query. */
bool http_head_is_origin_form(struct slice text);

bool http_head_has(const struct http_head *head, struct slice name);

/* The only field of that name; NULL: none or several, as `count` says. */
const struct http_field *http_head_only(const struct http_head *head, struct slice name,
                                        unsigned *count);

/* Does any field of that name list this token (RFC 9110 section 5.6.1, case-insensitive)? */
bool http_head_lists(const struct http_head *head, struct slice name, struct slice token);

/*
 * The next element of a comma-separated list; false at the end. Skips empty elements and trims
 * white space. `rest` begins as the field's value and is advanced.
 */
bool http_head_list_next(struct slice *rest, struct slice *element);

#endif
