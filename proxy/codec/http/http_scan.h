/*
 * One pass over the head of an HTTP/1.1 message, RFC 9112: checks grammar and limits, and finds the
 * parts. Their meaning is for http_head.h (requests) and http_answer.h.
 *
 * Pure: it allocates nothing; the slices of the parts point into the text and live as long.
 *
 * Owns: nothing. Thread: any. Errors: the reason of the first violation; nothing moves beyond it,
 * so that another call returns the same. Lifetime: slices borrow the text.
 */
#ifndef WSLUICE_CODEC_HTTP_HTTP_SCAN_H
#define WSLUICE_CODEC_HTTP_HTTP_SCAN_H

#include "base/base.h"
#include "base/reason.h"

#define HTTP_FIELDS_MAX 100

struct http_field {
    struct slice name, value; /* value without surrounding white space */
};

struct http_limits {
    size_t head_bytes; /* the whole head, 16 KiB by default; above it 431 */
    size_t line_bytes; /* the request target; above it 414 */
    unsigned fields;   /* at most HTTP_FIELDS_MAX; above it 431 */
};

/*
 * The progress of earlier calls, as offsets: the buffer may move between calls. Zeroed is ready for
 * a request; for an answer see http_scan_answer.
 */
struct http_scan {
    size_t at;      /* bytes before it are read */
    size_t mark;    /* where the current part began */
    uint8_t part;   /* the current part */
    uint8_t fields; /* whole field lines so far */
};

/* The parts that are found, each in the call that reads its end. */
struct http_parts {
    struct slice method, target; /* of a request */
    uint16_t status;             /* of an answer */
    struct slice phrase;         /* behind the status; may be empty */
    uint8_t minor_version;
    struct http_field *fields; /* the caller's, HTTP_FIELDS_MAX of them */
};

/* Ready for the head of an answer, which begins with a status line. */
struct http_scan http_scan_answer(void);

/* Call it with all bytes so far each time that more arrive; it reads only the new ones. */
WSL_MUST_CHECK enum reason http_scan_read(struct http_scan *scan, struct slice text,
                                          const struct http_limits *limits,
                                          struct http_parts *parts);

/* The empty line at the end of the head was read; `at` is the offset after it. */
bool http_scan_is_done(const struct http_scan *scan);

/* The text ends inside the request target. */
bool http_scan_is_in_target(const struct http_scan *scan);

#endif
