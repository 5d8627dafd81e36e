/*
 * The head of an HTTP/1.1 request, RFC 9112, strict: what two servers could read differently is
 * refused. And the phrases of the statuses that we answer with.
 *
 * Pure: the parser allocates nothing; its slices point into the caller's buffer and live as long.
 *
 * Owns: nothing. Thread: any. Errors: HTTP_BAD with a reason. Lifetime: slices borrow the buffer.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_HEAD_H
#define WSLUICE_CODEC_HTTP_HTTP_HEAD_H

#include "base/base.h"
#include "base/reason.h"

#define HTTP_FIELDS_MAX 100

struct http_field {
    struct slice name, value; /* value without surrounding white space */
};

struct http_head {
    struct slice method, target; /* target as sent, in any of the four forms */
    struct slice host;        /* uri-host [":" port], validated; ptr NULL: HTTP/1.0 without Host */
    struct slice path, query; /* ptr NULL where there is none; query without "?", path not empty */
    uint8_t minor_version;    /* HTTP/1.x */
    bool has_body;            /* Content-Length above 0, or any Transfer-Encoding */
    uint16_t field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

struct http_limits {
    size_t head_bytes; /* the whole head, 16 KiB by default; above it 431 */
    size_t line_bytes; /* the request target; above it 414 */
    unsigned fields;   /* at most HTTP_FIELDS_MAX; above it 431 */
};

enum http_verdict {
    HTTP_MORE, /* not yet whole, and nothing wrong so far */
    HTTP_HEAD, /* whole: *consumed bytes, then whatever the client sent after it */
    HTTP_BAD,  /* *bad says why; more bytes do not change it */
};

/* How far earlier calls came, as offsets: the buffer may move between calls. Zeroed is ready. */
struct http_scan {
    size_t at;      /* bytes before it are judged */
    size_t mark;    /* where the part at hand began */
    uint8_t part;   /* what `at` is inside of */
    uint8_t fields; /* whole field lines so far */
};

/*
 * Called with all bytes so far, each time that there are more. Only new bytes are judged, so that a
 * head that drips in byte by byte costs linear work; `head` is filled when the verdict is HTTP_HEAD
 * and need not be kept between calls.
 *
 * The first violation in the order of the bytes is the verdict, however the input is cut: grammar
 * and limits as soon as the offending byte is there, then, once the head is whole, what its parts
 * mean together (form of the target, Host, Content-Length, repeated fields).
 */
WSL_MUST_CHECK enum http_verdict http_head_parse(struct http_head *head, const char *bytes,
                                                 size_t length, const struct http_limits *limits,
                                                 struct http_scan *scan, size_t *consumed,
                                                 enum reason *bad);

/* With the bytes that it borrows; one malloc'd block, NULL without memory. */
WSL_MUST_CHECK struct http_head *http_head_copy(const struct http_head *head);

/* The only field of that name; NULL when there is none or more than one (count says which). */
const struct http_field *http_head_only(const struct http_head *head, struct slice name,
                                        unsigned *count);

/* Does any field of that name list this token (RFC 9110 section 5.6.1, case-insensitive)? */
bool http_head_lists(const struct http_head *head, struct slice name, struct slice token);

/*
 * Walks a comma-separated list; returns false at its end. Empty elements are skipped, white space
 * is trimmed. `rest` begins as the value and is advanced.
 */
bool http_head_list_next(struct slice *rest, struct slice *element);

/* Without the optional white space around it (SP and HTAB), RFC 9110 section 5.6.3. */
struct slice http_head_trim(struct slice text);

bool http_head_is_token(struct slice text);

/* The standard phrase of a status of the table of reasons; any other is our bug and aborts. */
const char *http_head_status_phrase(unsigned status);

#endif
