/*
 * The head of an HTTP/1.0 or 1.1 response, RFC 9112, strict: an answer whose end two programs could
 * read differently is refused, as its rest could be taken for the answer to another request.
 *
 * Refused: a length that is repeated, is no plain number, or stands beside Transfer-Encoding; a
 * coding other than chunked; chunked in HTTP/1.0; a folded line; a bare CR or LF; 101, unless it
 * was asked for.
 *
 * Pure: the parser allocates nothing; its slices point into the caller's buffer and live as long.
 *
 * Owns: nothing. Thread: any. Errors: HTTP_ANSWER_BAD with a phrase, to follow "the answer".
 * Lifetime: slices borrow the buffer.
 */
#ifndef WSLUICE_CODEC_HTTP_ANSWER_HTTP_ANSWER_H
#define WSLUICE_CODEC_HTTP_ANSWER_HTTP_ANSWER_H

#include "codec/http/http_head.h"

/* What was asked for. */
enum http_asked {
    HTTP_ASKED_GET,     /* or any other method that a body may answer */
    HTTP_ASKED_HEAD,    /* no body follows */
    HTTP_ASKED_UPGRADE, /* the answer may be 101: behind it, the other protocol begins */
};

/* How the end of the body is found, RFC 9112 section 6.3. */
enum http_answer_body {
    HTTP_ANSWER_EMPTY,
    HTTP_ANSWER_LENGTH,
    HTTP_ANSWER_CHUNKED,
    HTTP_ANSWER_UNTIL_CLOSE,
};

struct http_answer {
    struct http_head head; /* its version and fields only; for http_head_only and the like */
    uint16_t status;
    struct slice phrase; /* behind the status, as sent; may be empty */
    uint8_t body;        /* enum http_answer_body */
    bool persists;       /* the connection can take another request after the body */
    uint64_t length;     /* with HTTP_ANSWER_LENGTH: above 0 */
};

enum http_answer_verdict {
    HTTP_ANSWER_MORE, /* not yet whole, and nothing wrong so far */
    HTTP_ANSWER_DONE,
    HTTP_ANSWER_INTERIM, /* 1xx: the answer follows behind it */
    HTTP_ANSWER_BAD,     /* *fault says why; more bytes do not change that */
};

/*
 * Call it with all bytes so far each time that more arrive, and a scan that began as
 * http_scan_answer. With DONE and INTERIM, the head was *consumed bytes. The line limit does not
 * matter here. 101 is DONE, as nothing of HTTP follows it.
 */
WSL_MUST_CHECK enum http_answer_verdict
http_answer_parse(struct http_answer *answer, struct slice bytes, const struct http_limits *limits,
                  enum http_asked asked, struct http_scan *scan, size_t *consumed,
                  const char **fault);

/* The value of the only field of that name; empty: none or several. */
struct slice http_answer_field(const struct http_answer *answer, struct slice name);

#endif
