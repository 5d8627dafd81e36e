/*
 * One response, collected as it arrives: head and body, each within its limit.
 *
 *      http_collect_take   the bytes that the connection has delivered
 *      http_collect_end    the peer has finished sending: the end of some bodies, else a cut
 *
 * Interim answers (1xx) are skipped, but not an endless row of them. An answer to an upgrade is
 * complete with its head: the body of a refusal is not collected.
 *
 * Pure. Owns: head and body. Thread: one at a time. Errors: HTTP_ANSWER_BAD, with `fault`: a phrase
 * to follow "the answer". Lifetime: http_collect_begin to http_collect_free.
 */
#ifndef WSLUICE_CODEC_HTTP_ANSWER_HTTP_COLLECT_H
#define WSLUICE_CODEC_HTTP_ANSWER_HTTP_COLLECT_H

#include "base/text/text.h"
#include "codec/http/answer/http_answer.h"
#include "codec/http/answer/http_chunks.h"

struct http_collect {
    size_t body_max;
    enum http_asked asked;

    bool begun;                /* a byte of it has arrived */
    const char *fault;         /* with HTTP_ANSWER_BAD; static */
    struct http_answer answer; /* once the head is complete; borrows `head` */
    struct text head, body;

    struct http_scan scan;
    struct http_chunks chunks;
    uint8_t verdict;  /* enum http_answer_verdict, of the whole */
    uint8_t interims; /* so far */
    bool in_body;
};

void http_collect_begin(struct http_collect *collect, size_t body_max, enum http_asked asked);

/*
 * MORE: all bytes are consumed. DONE: the answer is complete after *used bytes; what follows was
 * not asked for, and the connection is not to be used again.
 */
WSL_MUST_CHECK enum http_answer_verdict http_collect_take(struct http_collect *collect,
                                                          struct slice bytes, size_t *used);

WSL_MUST_CHECK enum http_answer_verdict http_collect_end(struct http_collect *collect);

/* Wipes and releases what was collected. */
void http_collect_free(struct http_collect *collect);

#endif
