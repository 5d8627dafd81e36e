/*
 * One pass over the bytes, one part after the other:
 *
 *   START -+---------------> METHOD -SP-> TARGET -SP-> VERSION -CR-+
 *          +-CR-> START_LF -LF-^                                   |
 *                                                                  v
 *                +------------- NAME <-- LINE <-----------LF--- LINE_LF
 *                |                        |                        ^
 *                +--":"--> VALUE ---------|-----CR-----------------+
 *                                         +-CR-> END_LF -LF-> DONE
 *
 *   ANSWER -SP-> STATUS -+-SP-> PHRASE -+-CR-> LINE_LF     an answer begins here
 *                        +--------------+
 *
 * METHOD, TARGET, NAME, VALUE and PHRASE are runs of one class of bytes up to a delimiter; the
 * other parts are read byte by byte. There is no edge for obs-fold, a bare CR or LF, white space
 * before a colon, or an empty name: RFC 9112 lets a server refuse all of them.
 */
#include "codec/http/http_scan.h"

#include "base/ascii.h"
#include "codec/http/http_char.h"

enum part {
    PART_START, /* an empty line may come first, RFC 9112 section 2.2 */
    PART_START_LF,
    PART_METHOD,
    PART_TARGET,
    PART_VERSION,
    PART_LINE_LF, /* after the CR that ends a line */
    PART_LINE,    /* at the first byte of a field line, or of the empty one */
    PART_NAME,
    PART_VALUE,
    PART_END_LF,
    PART_DONE,
    PART_ANSWER, /* the version of an answer */
    PART_STATUS,
    PART_PHRASE,
};

/* The text, within the limit, and the parts that are found. */
struct reader {
    struct slice text;
    const struct http_limits *limits;
    struct http_scan *scan;
    struct http_parts *parts;
};

static void enter(struct reader *r, enum part part, size_t at)
{
    r->scan->part = (uint8_t)part;
    r->scan->at = r->scan->mark = at;
}

static enum reason expect(struct reader *r, char wanted, enum part next)
{
    if (r->text.ptr[r->scan->at] != wanted)
        return REASON_http_malformed;
    enter(r, next, r->scan->at + 1);
    return REASON_none;
}

/*
 * Reads up to `delimiter` or the end of the text. If the run is whole, the part changes; otherwise
 * a later call goes on where this one stopped. The scan never moves beyond a violation, so that
 * another call returns the same.
 */
static enum reason read_run(struct reader *r, enum http_char wanted, char delimiter, enum part next,
                            struct slice *out)
{
    struct http_scan *scan = r->scan;
    size_t end = scan->at + http_char_run(slice_from(r->text, scan->at), wanted);
    struct slice run = {r->text.ptr + scan->mark, end - scan->mark};
    if (scan->part == PART_TARGET && run.len > r->limits->line_bytes)
        return REASON_http_uri_too_long;
    bool may_be_empty = scan->part == PART_VALUE || scan->part == PART_PHRASE;
    if (end < r->text.len && run.len == 0 && !may_be_empty)
        return REASON_http_malformed;
    scan->at = end;
    if (end == r->text.len)
        return REASON_none;
    *out = run;
    return expect(r, delimiter, next);
}

/* HTTP/1.x and what ends it; another major version is refused as soon as it is read. */
static enum reason read_version(struct reader *r, char delimiter, enum part next)
{
    static const char form[] = "HTTP/#.#"; /* "#": a digit */
    struct http_scan *scan = r->scan;
    size_t i = scan->at - scan->mark;
    if (i == sizeof(form) - 1)
        return expect(r, delimiter, next);

    const char *version = r->text.ptr + scan->mark;
    if (form[i] == '#' ? !ascii_is_digit(version[i]) : version[i] != form[i])
        return REASON_http_malformed;
    if (i == sizeof(form) - 2) {
        if (version[5] != '1')
            return REASON_http_version;
        r->parts->minor_version = (uint8_t)(version[i] - '0');
    }
    scan->at++;
    return REASON_none;
}

/* Three digits; the phrase behind them may be missing, with its space or without. */
static enum reason read_status(struct reader *r)
{
    struct http_scan *scan = r->scan;
    const char *digits = r->text.ptr + scan->mark;
    size_t i = scan->at - scan->mark;
    if (i == 3)
        return digits[i] == ' ' ? expect(r, ' ', PART_PHRASE) : expect(r, '\r', PART_LINE_LF);
    if (!ascii_is_digit(digits[i]) || (i == 0 && (digits[i] < '1' || digits[i] > '5')))
        return REASON_http_malformed;
    if (i == 2)
        r->parts->status =
            (uint16_t)(100 * (digits[0] - '0') + 10 * (digits[1] - '0') + (digits[2] - '0'));
    scan->at++;
    return REASON_none;
}

static enum reason read_line_start(struct reader *r)
{
    struct http_scan *scan = r->scan;
    if (r->text.ptr[scan->at] == '\r')
        return expect(r, '\r', PART_END_LF);
    if (scan->fields == r->limits->fields)
        return REASON_http_head_too_large;
    enter(r, PART_NAME, scan->at);
    return REASON_none;
}

static enum reason read_value(struct reader *r)
{
    struct http_field *field = &r->parts->fields[r->scan->fields];
    enum reason bad = read_run(r, HTTP_CHAR_VALUE, '\r', PART_LINE_LF, &field->value);
    if (bad == REASON_none && r->scan->part == PART_LINE_LF) {
        field->value = http_char_trim(field->value);
        r->scan->fields++;
    }
    return bad;
}

static enum reason read_part(struct reader *r)
{
    struct http_parts *parts = r->parts;
    switch ((enum part)r->scan->part) {
    case PART_START:
        if (r->text.ptr[0] == '\r')
            return expect(r, '\r', PART_START_LF);
        enter(r, PART_METHOD, 0);
        return REASON_none;
    case PART_START_LF:
        return expect(r, '\n', PART_METHOD);
    case PART_METHOD:
        return read_run(r, HTTP_CHAR_TOKEN, ' ', PART_TARGET, &parts->method);
    case PART_TARGET:
        return read_run(r, HTTP_CHAR_TARGET, ' ', PART_VERSION, &parts->target);
    case PART_VERSION:
        return read_version(r, '\r', PART_LINE_LF);
    case PART_LINE_LF:
        return expect(r, '\n', PART_LINE);
    case PART_LINE:
        return read_line_start(r);
    case PART_NAME:
        return read_run(r, HTTP_CHAR_TOKEN, ':', PART_VALUE, &parts->fields[r->scan->fields].name);
    case PART_VALUE:
        return read_value(r);
    case PART_END_LF:
        return expect(r, '\n', PART_DONE);
    case PART_ANSWER:
        return read_version(r, ' ', PART_STATUS);
    case PART_STATUS:
        return read_status(r);
    case PART_PHRASE:
        return read_run(r, HTTP_CHAR_VALUE, '\r', PART_LINE_LF, &parts->phrase);
    case PART_DONE:
        break;
    }
    return REASON_internal;
}

struct http_scan http_scan_answer(void)
{
    return (struct http_scan){.part = PART_ANSWER};
}

enum reason http_scan_read(struct http_scan *scan, struct slice text,
                           const struct http_limits *limits, struct http_parts *parts)
{
    struct reader r = {text, limits, scan, parts};
    enum reason bad = REASON_none;
    while (bad == REASON_none && scan->part != PART_DONE && scan->at < text.len)
        bad = read_part(&r);
    return bad;
}

bool http_scan_is_done(const struct http_scan *scan)
{
    return scan->part == PART_DONE;
}

bool http_scan_is_in_target(const struct http_scan *scan)
{
    return scan->part == PART_TARGET;
}
