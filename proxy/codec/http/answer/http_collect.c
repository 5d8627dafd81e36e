#include "codec/http/answer/http_collect.h"

#define INTERIMS_MAX 8

static const struct http_limits limits = {16384, 16384, HTTP_FIELDS_MAX};

void http_collect_begin(struct http_collect *collect, size_t body_max, enum http_asked asked)
{
    memset(collect, 0, sizeof(*collect));
    collect->body_max = body_max;
    collect->asked = asked;
    collect->scan = http_scan_answer();
}

void http_collect_free(struct http_collect *collect)
{
    text_wipe(&collect->head);
    text_wipe(&collect->body);
}

static enum http_answer_verdict conclude(struct http_collect *collect,
                                         enum http_answer_verdict verdict, const char *fault)
{
    collect->verdict = (uint8_t)verdict;
    collect->fault = fault;
    return verdict;
}

static enum http_answer_verdict fail(struct http_collect *collect, const char *fault)
{
    return conclude(collect, HTTP_ANSWER_BAD, fault);
}

/* ---- the head ---- */

static enum http_answer_verdict begin_body(struct http_collect *collect)
{
    const struct http_answer *answer = &collect->answer;
    collect->in_body = true;
    if (answer->body == HTTP_ANSWER_EMPTY || collect->asked == HTTP_ASKED_UPGRADE)
        return conclude(collect, HTTP_ANSWER_DONE, NULL);
    if (answer->body == HTTP_ANSWER_LENGTH && answer->length > collect->body_max)
        return fail(collect, "has a body that is too large");
    return HTTP_ANSWER_MORE;
}

static enum http_answer_verdict skip_interim(struct http_collect *collect)
{
    if (++collect->interims > INTERIMS_MAX)
        return fail(collect, "has too many interim answers");
    collect->head.length = 0;
    collect->scan = http_scan_answer();
    return HTTP_ANSWER_MORE;
}

/* Consumes from `bytes`, up to the end of the head at most. */
static enum http_answer_verdict take_head(struct http_collect *collect, struct slice *bytes)
{
    size_t before = collect->head.length, consumed = 0;
    const char *fault;
    size_t part = size_min(bytes->len, limits.head_bytes - before);
    text_add(&collect->head, (struct slice){bytes->ptr, part});
    if (collect->head.failed)
        return fail(collect, "did not fit into memory");
    enum http_answer_verdict verdict =
        http_answer_parse(&collect->answer, text_slice(&collect->head), &limits, collect->asked,
                          &collect->scan, &consumed, &fault);
    if (verdict == HTTP_ANSWER_BAD)
        return fail(collect, fault);
    if (verdict == HTTP_ANSWER_MORE)
        consumed = collect->head.length;
    *bytes = slice_from(*bytes, consumed - before);
    collect->head.length = consumed;
    if (verdict == HTTP_ANSWER_INTERIM)
        return skip_interim(collect);
    return verdict == HTTP_ANSWER_DONE ? begin_body(collect) : HTTP_ANSWER_MORE;
}

/* ---- the body ---- */

static bool keep(struct http_collect *collect, struct slice data)
{
    const char *fault = "has a body that is too large";
    if (data.len <= collect->body_max - collect->body.length) {
        text_add(&collect->body, data);
        if (!collect->body.failed)
            return true;
        fault = "did not fit into memory";
    }
    return fail(collect, fault) == HTTP_ANSWER_MORE;
}

static enum http_answer_verdict take_chunks(struct http_collect *collect, struct slice *bytes)
{
    struct slice data;
    for (;;) {
        switch (http_chunks_next(&collect->chunks, bytes, &data)) {
        case HTTP_CHUNKS_DATA:
            if (!keep(collect, data))
                return HTTP_ANSWER_BAD;
            break;
        case HTTP_CHUNKS_MORE:
            return HTTP_ANSWER_MORE;
        case HTTP_CHUNKS_DONE:
            return conclude(collect, HTTP_ANSWER_DONE, NULL);
        case HTTP_CHUNKS_BAD:
            return fail(collect, "has malformed chunks");
        }
    }
}

static enum http_answer_verdict take_body(struct http_collect *collect, struct slice *bytes)
{
    const struct http_answer *answer = &collect->answer;
    if (answer->body == HTTP_ANSWER_CHUNKED)
        return take_chunks(collect, bytes);
    bool counted = answer->body == HTTP_ANSWER_LENGTH;
    uint64_t left = counted ? answer->length - collect->body.length : UINT64_MAX;
    struct slice data = {bytes->ptr, size_min(left, bytes->len)};
    if (!keep(collect, data))
        return HTTP_ANSWER_BAD;
    *bytes = slice_from(*bytes, data.len);
    if (counted && collect->body.length == answer->length)
        return conclude(collect, HTTP_ANSWER_DONE, NULL);
    return HTTP_ANSWER_MORE;
}

enum http_answer_verdict http_collect_take(struct http_collect *collect, struct slice bytes,
                                           size_t *used)
{
    struct slice rest = bytes;
    collect->begun = collect->begun || bytes.len > 0;
    while (rest.len > 0 && collect->verdict == HTTP_ANSWER_MORE)
        (void)!(collect->in_body ? take_body(collect, &rest) : take_head(collect, &rest));
    *used = bytes.len - rest.len;
    return (enum http_answer_verdict)collect->verdict;
}

enum http_answer_verdict http_collect_end(struct http_collect *collect)
{
    if (collect->verdict != HTTP_ANSWER_MORE)
        return (enum http_answer_verdict)collect->verdict;
    if (collect->in_body && collect->answer.body == HTTP_ANSWER_UNTIL_CLOSE)
        return conclude(collect, HTTP_ANSWER_DONE, NULL);
    return fail(collect, collect->begun ? "was cut off" : "is empty");
}
