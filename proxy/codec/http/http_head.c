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
 * METHOD, TARGET, NAME and VALUE are runs of one class of bytes up to a delimiter; in the other
 * parts each byte is looked at on its own. There is no edge for obs-fold, a bare CR or LF, white
 * space before a colon, or an empty name: RFC 9112 lets a server refuse them all, and so they are
 * refused.
 */
#include "codec/http/http_head.h"

#include "base/ascii.h"
#include "codec/ip.h"

enum part {
    PART_START, /* one empty line may stand in front, RFC 9112 section 2.2 */
    PART_START_LF,
    PART_METHOD,
    PART_TARGET,
    PART_VERSION,
    PART_LINE_LF, /* behind the CR that ends a line */
    PART_LINE,    /* at the first byte of a field line, or of the empty one */
    PART_NAME,
    PART_VALUE,
    PART_END_LF,
    PART_DONE,
};

/*
 * Which byte may stand where. TARGET is every visible ASCII character that a browser sends raw:
 * more than RFC 3986 has, without what would be a fragment ("#") or a second kind of slash ("\").
 */
enum class {
    TOKEN = 1 << 0,  /* RFC 9110 section 5.6.2 */
    TARGET = 1 << 1, /* in any form */
    VALUE = 1 << 2,  /* field-content, SP and HTAB */
    NAME = 1 << 3,   /* reg-name but for its escapes: unreserved and sub-delims of RFC 3986 */
    HEX = 1 << 4,
};

#define V__ VALUE
#define VT_ (VALUE | TARGET)
#define VTK (VALUE | TARGET | TOKEN)
#define VTN (VALUE | TARGET | NAME)
#define ALL (VALUE | TARGET | TOKEN | NAME)
#define ALX (VALUE | TARGET | TOKEN | NAME | HEX)
/* clang-format off */
static const uint8_t classes[256] = {
    ['\t'] = V__,
    /*         sp   !    "    #    $    %    &    '    (    )    *    +    ,    -    .    /  */
    [0x20] =   V__, ALL, V__, VALUE | TOKEN, ALL, VTK, ALL, ALL, VTN, VTN, ALL, ALL, VTN, ALL, ALL, VT_,
    /*         0    1    2    3    4    5    6    7    8    9    :    ;    <    =    >    ?  */
    [0x30] =   ALX, ALX, ALX, ALX, ALX, ALX, ALX, ALX, ALX, ALX, VT_, VTN, V__, VTN, V__, VT_,
    /*         @    A    B    C    D    E    F    G    H    I    J    K    L    M    N    O  */
    [0x40] =   VT_, ALX, ALX, ALX, ALX, ALX, ALX, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL,
    /*         P    Q    R    S    T    U    V    W    X    Y    Z    [    \    ]    ^    _  */
    [0x50] =   ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, VT_, V__, VT_, VTK, ALL,
    /*         `    a    b    c    d    e    f    g    h    i    j    k    l    m    n    o  */
    [0x60] =   VTK, ALX, ALX, ALX, ALX, ALX, ALX, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL,
    /*         p    q    r    s    t    u    v    w    x    y    z    {    |    }    ~       */
    [0x70] =   ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, VT_, VTK, VT_, ALL,
    /* obs-text */
    [0x80] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0x90] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0xA0] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0xB0] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0xC0] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0xD0] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0xE0] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0xF0] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
};
/* clang-format on */
#undef V__
#undef VT_
#undef VTK
#undef VTN
#undef ALL
#undef ALX

static bool is(char c, enum class wanted)
{
    return classes[(uint8_t)c] & wanted;
}

struct slice http_head_trim(struct slice text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = slice_from(text, 1);
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static size_t run_length(struct slice text, enum class wanted)
{
    size_t length = 0;
    while (length < text.len && is(text.ptr[length], wanted))
        length++;
    return length;
}

/* The text as far as the judge may see it, and where to put what is found. */
struct reader {
    struct slice text;
    const struct http_limits *limits;
    struct http_scan *scan;
    struct http_head *head;
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
 * On to `delimiter` or to the end of the text; the part has changed when the run is whole. One that
 * a later call completes is judged there from where this one stopped. Nothing ever moves beyond a
 * violation, so that calling again says the same.
 */
static enum reason read_run(struct reader *r, enum class wanted, char delimiter, enum part next,
                            struct slice *out)
{
    struct http_scan *scan = r->scan;
    size_t end = scan->at + run_length(slice_from(r->text, scan->at), wanted);
    struct slice run = {r->text.ptr + scan->mark, end - scan->mark};
    if (scan->part == PART_TARGET && run.len > r->limits->line_bytes)
        return REASON_http_uri_too_long;
    if (end < r->text.len && run.len == 0 && scan->part != PART_VALUE)
        return REASON_http_malformed;
    scan->at = end;
    if (end == r->text.len)
        return REASON_none;
    *out = run;
    return expect(r, delimiter, next);
}

/* HTTP/1.x and the CR behind it; any other major version is refused as soon as it is known. */
static enum reason read_version(struct reader *r)
{
    static const char form[] = "HTTP/#.#"; /* "#": a digit */
    struct http_scan *scan = r->scan;
    size_t i = scan->at - scan->mark;
    if (i == sizeof(form) - 1)
        return expect(r, '\r', PART_LINE_LF);

    const char *version = r->text.ptr + scan->mark;
    if (form[i] == '#' ? !ascii_is_digit(version[i]) : version[i] != form[i])
        return REASON_http_malformed;
    if (i == sizeof(form) - 2) {
        if (version[5] != '1')
            return REASON_http_version;
        r->head->minor_version = (uint8_t)(version[i] - '0');
    }
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
    struct http_field *field = &r->head->fields[r->scan->fields];
    enum reason bad = read_run(r, VALUE, '\r', PART_LINE_LF, &field->value);
    if (bad == REASON_none && r->scan->part == PART_LINE_LF) {
        field->value = http_head_trim(field->value);
        r->scan->fields++;
    }
    return bad;
}

static enum reason read_part(struct reader *r)
{
    struct http_head *head = r->head;
    switch ((enum part)r->scan->part) {
    case PART_START:
        if (r->text.ptr[0] == '\r')
            return expect(r, '\r', PART_START_LF);
        enter(r, PART_METHOD, 0);
        return REASON_none;
    case PART_START_LF:
        return expect(r, '\n', PART_METHOD);
    case PART_METHOD:
        return read_run(r, TOKEN, ' ', PART_TARGET, &head->method);
    case PART_TARGET:
        return read_run(r, TARGET, ' ', PART_VERSION, &head->target);
    case PART_VERSION:
        return read_version(r);
    case PART_LINE_LF:
        return expect(r, '\n', PART_LINE);
    case PART_LINE:
        return read_line_start(r);
    case PART_NAME:
        return read_run(r, TOKEN, ':', PART_VALUE, &head->fields[r->scan->fields].name);
    case PART_VALUE:
        return read_value(r);
    case PART_END_LF:
        return expect(r, '\n', PART_DONE);
    case PART_DONE:
        break;
    }
    return REASON_internal;
}

static enum reason read_parts(struct reader *r)
{
    enum reason bad = REASON_none;
    while (bad == REASON_none && r->scan->part != PART_DONE && r->scan->at < r->text.len)
        bad = read_part(r);
    return bad;
}

/* Every "%" begins an escape of two hexadecimal digits, RFC 3986 section 2.1. */
static bool escapes_are_whole(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '%')
            continue;
        if (text.len - i < 3 || !is(text.ptr[i + 1], HEX) || !is(text.ptr[i + 2], HEX))
            return false;
    }
    return true;
}

static bool is_port(struct slice text)
{
    unsigned value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_digit(text.ptr[i]))
            return false;
        value = value * 10 + (unsigned)(text.ptr[i] - '0');
        if (value > UINT16_MAX)
            return false;
    }
    return true;
}

/*
 * uri-host [":" port]. No userinfo (RFC 9110 section 4.2.4) and no empty host (section 4.2.1),
 * which http and its kin exclude; no IPvFuture and no zone, which nothing sends.
 */
static bool is_authority(struct slice text)
{
    size_t host = 0;
    if (text.len > 0 && text.ptr[0] == '[') {
        uint8_t address[IP_BYTES];
        const char *end = memchr(text.ptr, ']', text.len);
        if (!end ||
            !ip_parse_v6((struct slice){text.ptr + 1, (size_t)(end - text.ptr) - 1}, address))
            return false;
        host = (size_t)(end - text.ptr) + 1;
    } else {
        while (host < text.len && (is(text.ptr[host], NAME) || text.ptr[host] == '%'))
            host++;
        if (host == 0 || !escapes_are_whole((struct slice){text.ptr, host}))
            return false;
    }
    if (host == text.len)
        return true;
    return text.ptr[host] == ':' && is_port(slice_from(text, host + 1));
}

static void split_path(struct http_head *head, struct slice path)
{
    const char *mark = memchr(path.ptr, '?', path.len);
    head->path = path;
    if (mark) {
        head->path.len = (size_t)(mark - path.ptr);
        head->query = slice_from(path, head->path.len + 1);
    }
}

/* scheme "://" authority [path] ["?" query], RFC 9112 section 3.2.2. */
static bool split_absolute(struct http_head *head)
{
    static const struct slice schemes[] = {{"http", 4}, {"https", 5}, {"ws", 2}, {"wss", 3}};
    struct slice target = head->target;
    const char *colon = memchr(target.ptr, ':', target.len);
    if (!colon)
        return false;
    struct slice scheme = {target.ptr, (size_t)(colon - target.ptr)};
    bool known = false;
    for (size_t i = 0; i < WSL_COUNT(schemes); i++)
        known = known || slice_equal_nocase(scheme, schemes[i]);
    struct slice rest = slice_from(target, scheme.len + 1);
    if (!known || rest.len < 2 || memcmp(rest.ptr, "//", 2) != 0)
        return false;

    struct slice authority = slice_from(rest, 2);
    size_t length = 0;
    while (length < authority.len && authority.ptr[length] != '/' && authority.ptr[length] != '?')
        length++;
    split_path(head, slice_from(authority, length));
    /* An empty path is "/" (RFC 9110 section 4.2.3); there is one in front of the authority. */
    if (head->path.len == 0)
        head->path = (struct slice){authority.ptr - 1, 1};
    authority.len = length;
    head->host = authority;
    return is_authority(authority);
}

/* RFC 9112 section 3.2: which form a target has, and whether the method allows it. */
static bool split_target(struct http_head *head)
{
    struct slice target = head->target;
    head->path = head->query = head->host = (struct slice){0};
    if (slice_equal(head->method, SLICE("CONNECT"))) {
        head->host = target;
        return is_authority(target);
    }
    if (slice_equal(target, SLICE("*")))
        return slice_equal(head->method, SLICE("OPTIONS"));
    if (!escapes_are_whole(target))
        return false;
    if (target.ptr[0] != '/')
        return split_absolute(head);
    split_path(head, target);
    return true;
}

static enum reason judge_host(struct http_head *head)
{
    unsigned count;
    const struct http_field *host = http_head_only(head, SLICE("Host"), &count);
    if (!host)
        return count == 0 && head->minor_version == 0 ? REASON_none : REASON_http_host;
    if (!is_authority(host->value))
        return REASON_http_host;
    /* A client MUST send the authority of its target as Host, RFC 9112 section 3.2. */
    if (head->host.ptr && !slice_equal_nocase(head->host, host->value))
        return REASON_http_host;
    head->host = host->value;
    return REASON_none;
}

static enum reason judge_body(struct http_head *head)
{
    unsigned count;
    const struct http_field *length = http_head_only(head, SLICE("Content-Length"), &count);
    head->has_body = false;
    if (count > 1 || (length && length->value.len == 0))
        return REASON_http_malformed;
    for (size_t i = 0; length && i < length->value.len; i++) {
        if (!ascii_is_digit(length->value.ptr[i]))
            return REASON_http_malformed;
        head->has_body = head->has_body || length->value.ptr[i] != '0';
    }
    http_head_only(head, SLICE("Transfer-Encoding"), &count);
    head->has_body = head->has_body || count > 0;
    return REASON_none;
}

/* What a whole head means; any prefix of it was fine so far. */
static enum reason judge(struct http_head *head)
{
    /* Access is decided by these; of two, another server might heed the other one. */
    static const struct slice singletons[] = {{"Origin", 6}, {"Authorization", 13}};
    if (!split_target(head))
        return REASON_http_malformed;
    enum reason bad = judge_host(head);
    if (bad == REASON_none)
        bad = judge_body(head);
    for (size_t i = 0; bad == REASON_none && i < WSL_COUNT(singletons); i++) {
        unsigned count;
        http_head_only(head, singletons[i], &count);
        if (count > 1)
            bad = REASON_http_malformed;
    }
    return bad;
}

enum http_verdict http_head_parse(struct http_head *head, const char *bytes, size_t length,
                                  const struct http_limits *limits, struct http_scan *scan,
                                  size_t *consumed, enum reason *bad)
{
    wsl_assert(limits->fields <= HTTP_FIELDS_MAX && scan->at <= length);
    bool full = length >= limits->head_bytes;
    bool resumed = scan->at > 0;
    struct reader r = {{bytes, full ? limits->head_bytes : length}, limits, scan, head};

    *bad = read_parts(&r);
    /* `head` lacks what earlier calls saw: read it all once more. */
    if (*bad == REASON_none && scan->part == PART_DONE && resumed) {
        *scan = (struct http_scan){0};
        *bad = read_parts(&r);
    }
    if (*bad == REASON_none && scan->part == PART_DONE) {
        head->field_count = scan->fields;
        *consumed = scan->at;
        *bad = judge(head);
        return *bad == REASON_none ? HTTP_HEAD : HTTP_BAD;
    }
    /* Full and not whole: one more byte would be too many, and the caller has no room for it. */
    if (*bad == REASON_none && full)
        *bad = scan->part == PART_TARGET ? REASON_http_uri_too_long : REASON_http_head_too_large;
    return *bad == REASON_none ? HTTP_MORE : HTTP_BAD;
}

const struct http_field *http_head_only(const struct http_head *head, struct slice name,
                                        unsigned *count)
{
    const struct http_field *found = NULL;
    *count = 0;
    for (unsigned i = 0; i < head->field_count; i++) {
        if (slice_equal_nocase(head->fields[i].name, name)) {
            found = &head->fields[i];
            ++*count;
        }
    }
    return *count == 1 ? found : NULL;
}

bool http_head_lists(const struct http_head *head, struct slice name, struct slice token)
{
    for (unsigned i = 0; i < head->field_count; i++) {
        if (!slice_equal_nocase(head->fields[i].name, name))
            continue;
        struct slice rest = head->fields[i].value, element;
        while (http_head_list_next(&rest, &element))
            if (slice_equal_nocase(element, token))
                return true;
    }
    return false;
}

bool http_head_list_next(struct slice *rest, struct slice *element)
{
    while (rest->len > 0) {
        const char *comma = memchr(rest->ptr, ',', rest->len);
        size_t length = comma ? (size_t)(comma - rest->ptr) : rest->len;
        *element = http_head_trim((struct slice){rest->ptr, length});
        *rest = slice_from(*rest, comma ? length + 1 : length);
        if (element->len > 0)
            return true;
    }
    return false;
}

bool http_head_is_token(struct slice text)
{
    return text.len > 0 && run_length(text, TOKEN) == text.len;
}

/* ---- a copy ---- */

static const char *later(const char *end, struct slice text)
{
    return text.ptr && text.ptr + text.len > end ? text.ptr + text.len : end;
}

/* Everything lies between the method and the last field, but for "/" where no path was sent. */
static const char *end_of(const struct http_head *head)
{
    const char *end = later(head->method.ptr, head->target);
    for (unsigned i = 0; i < head->field_count; i++)
        end = later(later(end, head->fields[i].name), head->fields[i].value);
    return end;
}

static void move_slice(struct slice *text, struct slice from, const char *to)
{
    uintptr_t at = (uintptr_t)text->ptr, start = (uintptr_t)from.ptr;
    if (at >= start && at - start <= from.len)
        text->ptr = to + (at - start);
}

struct http_head *http_head_copy(const struct http_head *head)
{
    struct slice bytes = {head->method.ptr, (size_t)(end_of(head) - head->method.ptr)};
    struct http_head *copy = malloc(sizeof(*copy) + bytes.len);
    if (!copy)
        return NULL;
    char *to = (char *)(copy + 1);
    memcpy(to, bytes.ptr, bytes.len);
    *copy = *head;
    struct slice *const parts[] = {&copy->method, &copy->target, &copy->host, &copy->path,
                                   &copy->query};
    for (size_t i = 0; i < WSL_COUNT(parts); i++)
        move_slice(parts[i], bytes, to);
    for (unsigned i = 0; i < copy->field_count; i++) {
        move_slice(&copy->fields[i].name, bytes, to);
        move_slice(&copy->fields[i].value, bytes, to);
    }
    return copy;
}

const char *http_head_status_phrase(unsigned status)
{
    static const struct {
        unsigned status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {412, "Precondition Failed"},
        {414, "URI Too Long"},
        {416, "Range Not Satisfiable"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < WSL_COUNT(phrases); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    wsl_assert(!"a status without a phrase");
    return NULL;
}
