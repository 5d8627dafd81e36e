#include "codec/http/answer/http_answer.h"

#include "base/ascii.h"

#define STATUS_SWITCHING    101
#define STATUS_NO_CONTENT   204
#define STATUS_NOT_MODIFIED 304

/* ---- the end of the body ---- */

/* NULL, or what is wrong. */
static const char *read_length(struct http_answer *answer, bool *given)
{
    unsigned count;
    const struct http_field *field = http_head_only(&answer->head, SLICE("Content-Length"), &count);
    *given = count > 0;
    answer->length = 0;
    if (count > 1)
        return "has several lengths";
    if (field && !ascii_decimal(field->value, INT64_MAX, &answer->length))
        return "has a length that is no number";
    return NULL;
}

static const char *read_coding(const struct http_answer *answer, bool *chunked)
{
    unsigned count;
    const struct http_field *field =
        http_head_only(&answer->head, SLICE("Transfer-Encoding"), &count);
    *chunked = count > 0;
    if (count == 0)
        return NULL;
    if (!field || !slice_equal_nocase(field->value, SLICE("chunked")))
        return "has a transfer coding other than chunked";
    return answer->head.minor_version == 0 ? "is chunked, but HTTP/1.0" : NULL;
}

static const char *find_body(struct http_answer *answer, enum http_asked asked)
{
    bool has_length, chunked;
    const char *fault = read_length(answer, &has_length);
    if (!fault)
        fault = read_coding(answer, &chunked);
    if (!fault && has_length && chunked)
        fault = "has a length, and is chunked";
    if (fault)
        return fault;
    bool switches = answer->status == STATUS_SWITCHING;
    bool bodiless = answer->status == STATUS_NO_CONTENT || answer->status < 200;
    if ((bodiless && (chunked || answer->length > 0)) || (switches && has_length))
        return "has a body that its status does not allow";
    if (bodiless || asked == HTTP_ASKED_HEAD || answer->status == STATUS_NOT_MODIFIED)
        answer->body = HTTP_ANSWER_EMPTY;
    else if (chunked)
        answer->body = HTTP_ANSWER_CHUNKED;
    else if (has_length)
        answer->body = answer->length > 0 ? HTTP_ANSWER_LENGTH : HTTP_ANSWER_EMPTY;
    else
        answer->body = HTTP_ANSWER_UNTIL_CLOSE;
    return NULL;
}

/* RFC 9112 section 9.3. */
static bool may_persist(const struct http_answer *answer)
{
    const struct http_head *head = &answer->head;
    if (answer->body == HTTP_ANSWER_UNTIL_CLOSE ||
        http_head_lists(head, SLICE("Connection"), SLICE("close")))
        return false;
    return head->minor_version > 0 ||
           http_head_lists(head, SLICE("Connection"), SLICE("keep-alive"));
}

/* ---- the head ---- */

static const char *fault_of(enum reason bad)
{
    switch ((int)bad) {
    case REASON_http_version:
        return "is not HTTP/1.0 or 1.1";
    case REASON_http_head_too_large:
        return "has a header that is too large";
    default:
        return "is no valid HTTP";
    }
}

static enum http_answer_verdict conclude(struct http_answer *answer, enum http_asked asked,
                                         const char **fault)
{
    bool switches = answer->status == STATUS_SWITCHING;
    *fault = switches && asked != HTTP_ASKED_UPGRADE ? "changes to another protocol"
                                                     : find_body(answer, asked);
    if (*fault)
        return HTTP_ANSWER_BAD;
    answer->persists = !switches && may_persist(answer);
    return answer->status < 200 && !switches ? HTTP_ANSWER_INTERIM : HTTP_ANSWER_DONE;
}

enum http_answer_verdict http_answer_parse(struct http_answer *answer, struct slice bytes,
                                           const struct http_limits *limits, enum http_asked asked,
                                           struct http_scan *scan, size_t *consumed,
                                           const char **fault)
{
    bool full = bytes.len >= limits->head_bytes;
    bool resumed = scan->at > 0;
    struct slice text = {bytes.ptr, full ? limits->head_bytes : bytes.len};
    struct http_parts parts = {.fields = answer->head.fields};
    *fault = NULL;

    enum reason bad = http_scan_read(scan, text, limits, &parts);
    /* Earlier calls have found some parts: read all of them again. */
    if (bad == REASON_none && http_scan_is_done(scan) && resumed) {
        *scan = http_scan_answer();
        bad = http_scan_read(scan, text, limits, &parts);
    }
    if (bad == REASON_none && !http_scan_is_done(scan) && full)
        bad = REASON_http_head_too_large;
    if (bad != REASON_none) {
        *fault = fault_of(bad);
        return HTTP_ANSWER_BAD;
    }
    if (!http_scan_is_done(scan))
        return HTTP_ANSWER_MORE;
    answer->status = parts.status;
    answer->phrase = parts.phrase;
    answer->head.minor_version = parts.minor_version;
    answer->head.field_count = scan->fields;
    *consumed = scan->at;
    return conclude(answer, asked, fault);
}

struct slice http_answer_field(const struct http_answer *answer, struct slice name)
{
    unsigned count;
    const struct http_field *field = http_head_only(&answer->head, name, &count);
    return field ? field->value : (struct slice){0};
}
