#include "codec/http/http_head.h"

#include "base/ascii.h"
#include "base/text/secret.h"
#include "codec/http/http_char.h"
#include "codec/ip.h"

/* ---- the target ---- */

/* Every "%" begins an escape of two hexadecimal digits, RFC 3986 section 2.1. */
static bool escapes_are_whole(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '%')
            continue;
        if (ascii_unescape(slice_from(text, i)) < 0)
            return false;
    }
    return true;
}

static bool is_port(struct slice text)
{
    uint64_t port;
    return text.len == 0 || ascii_decimal(text, UINT16_MAX, &port);
}

bool http_head_is_authority(struct slice text)
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
        while (host < text.len &&
               (http_char_is(text.ptr[host], HTTP_CHAR_NAME) || text.ptr[host] == '%'))
            host++;
        if (host == 0 || !escapes_are_whole((struct slice){text.ptr, host}))
            return false;
    }
    if (host == text.len)
        return true;
    return text.ptr[host] == ':' && is_port(slice_from(text, host + 1));
}

bool http_head_is_origin_form(struct slice text)
{
    return text.len > 0 && text.ptr[0] == '/' &&
           http_char_run(text, HTTP_CHAR_TARGET) == text.len && escapes_are_whole(text);
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
    /* An empty path is "/" (RFC 9110 section 4.2.3): use the one before the authority. */
    if (head->path.len == 0)
        head->path = (struct slice){authority.ptr - 1, 1};
    authority.len = length;
    head->host = authority;
    return http_head_is_authority(authority);
}

/* RFC 9112 section 3.2: the form of the target, and whether the method allows it. */
static bool split_target(struct http_head *head)
{
    struct slice target = head->target;
    head->path = head->query = head->host = (struct slice){0};
    if (slice_equal(head->method, SLICE("CONNECT"))) {
        head->host = target;
        return http_head_is_authority(target);
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

/* ---- meaning ---- */

static enum reason check_host(struct http_head *head)
{
    unsigned count;
    const struct http_field *host = http_head_only(head, SLICE("Host"), &count);
    if (!host)
        return count == 0 && head->minor_version == 0 ? REASON_none : REASON_http_host;
    if (!http_head_is_authority(host->value))
        return REASON_http_host;
    /* A client MUST send the authority of its target as Host, RFC 9112 section 3.2. */
    if (head->host.ptr && !slice_equal_nocase(head->host, host->value))
        return REASON_http_host;
    head->host = host->value;
    return REASON_none;
}

static enum reason check_body(struct http_head *head)
{
    unsigned count;
    const struct http_field *length = http_head_only(head, SLICE("Content-Length"), &count);
    head->body_length = 0;
    if (count > 1 || (length && length->value.len == 0))
        return REASON_http_malformed;
    for (size_t i = 0; length && i < length->value.len; i++)
        if (!ascii_is_digit(length->value.ptr[i]))
            return REASON_http_malformed;
    if (length && !ascii_decimal(length->value, HTTP_BODY_UNKNOWN - 1, &head->body_length))
        head->body_length = HTTP_BODY_UNKNOWN;
    if (http_head_has(head, SLICE("Transfer-Encoding")))
        head->body_length = HTTP_BODY_UNKNOWN;
    head->has_body = head->body_length > 0;
    return REASON_none;
}

/* Of a whole head, whose grammar is correct. */
static enum reason check_meaning(struct http_head *head)
{
    /* They decide about access; of two, another server could use the other one. */
    static const struct slice singletons[] = {{"Origin", 6}, {"Authorization", 13}};
    if (!split_target(head))
        return REASON_http_malformed;
    enum reason bad = check_host(head);
    if (bad == REASON_none)
        bad = check_body(head);
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
    struct slice text = {bytes, full ? limits->head_bytes : length};
    struct http_parts parts = {.fields = head->fields};

    *bad = http_scan_read(scan, text, limits, &parts);
    /* Earlier calls have found some parts: read all of them again. */
    if (*bad == REASON_none && http_scan_is_done(scan) && resumed) {
        *scan = (struct http_scan){0};
        *bad = http_scan_read(scan, text, limits, &parts);
    }
    if (*bad == REASON_none && http_scan_is_done(scan)) {
        head->method = parts.method;
        head->target = parts.target;
        head->minor_version = parts.minor_version;
        head->field_count = scan->fields;
        *consumed = scan->at;
        *bad = check_meaning(head);
        return *bad == REASON_none ? HTTP_HEAD : HTTP_BAD;
    }
    /* The head is not whole, and has reached the limit. */
    if (*bad == REASON_none && full)
        *bad = http_scan_is_in_target(scan) ? REASON_http_uri_too_long : REASON_http_head_too_large;
    return *bad == REASON_none ? HTTP_MORE : HTTP_BAD;
}

/* ---- fields ---- */

bool http_head_has(const struct http_head *head, struct slice name)
{
    for (unsigned i = 0; i < head->field_count; i++)
        if (slice_equal_nocase(head->fields[i].name, name))
            return true;
    return false;
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
        *element = http_char_trim(http_char_cut(rest, ','));
        if (element->len > 0)
            return true;
    }
    return false;
}

/* ---- a copy ---- */

static const char *later_end(const char *end, struct slice text)
{
    return text.ptr && text.ptr + text.len > end ? text.ptr + text.len : end;
}

/* All slices lie between the method and the last field, except "/" for a missing path. */
static const char *end_of(const struct http_head *head)
{
    const char *end = later_end(head->method.ptr, head->target);
    for (unsigned i = 0; i < head->field_count; i++)
        end = later_end(later_end(end, head->fields[i].name), head->fields[i].value);
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

void http_head_free(struct http_head *copy)
{
    if (copy)
        secret_free(copy, (size_t)(end_of(copy) - (const char *)copy));
}
