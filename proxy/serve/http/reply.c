#include "serve/http/reply.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/ascii.h"
#include "codec/http/http_char.h"
#include "codec/http/http_status.h"

/* Room for the status line and the fields that every answer has, numbers included. */
#define REPLY_FIXED 320

static bool is_value(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if ((*c < ' ' && *c != '\t') || *c == 0x7f)
            return false;
    return true;
}

static bool is_allowed(const struct config_header *header)
{
    return http_char_is_token(slice_of(header->name)) && !config_header_is_reserved(header->name) &&
           is_value(header->value);
}

/* The characters of a URI (RFC 3986 section 2); none of them ends a field. */
bool reply_is_uri(const char *text)
{
    static const char others[] = "-._~:/?#[]@!$&'()*+,;=%";
    if (*text == '\0')
        return false;
    for (const char *c = text; *c; c++) {
        if (!ascii_is_alphanumeric(*c) && !strchr(others, *c))
            return false;
    }
    return true;
}

/* ---- refusals ---- */

struct fields {
    const struct config_header *items;
    size_t count;
};

/* Fields that this status requires. */
static struct fields fields_of(unsigned status)
{
    static const struct config_header allow = {"Allow", "GET"};
    static const struct config_header retry = {"Retry-After", "5"}; /* 429: RFC 6585 section 4 */
    if (status == 405)
        return (struct fields){&allow, 1};
    if (status == 429 || status == 503)
        return (struct fields){&retry, 1};
    return (struct fields){NULL, 0};
}

struct reply reply_refusal(enum reason reason)
{
#define REPLY_LINE(name, level, http, ws, text) text "\n",
    static const char *const lines[] = {REASON_TABLE(REPLY_LINE)};
#undef REPLY_LINE
    const struct reason_row *row = reason_row(reason);
    struct fields fields = fields_of(row->http_status);
    wsl_assert(row->http_status != 0);
    return (struct reply){
        .status = row->http_status,
        .reason = reason,
        .content_type = "text/plain; charset=utf-8",
        .cache_control = "no-store",
        .fields = fields.items,
        .field_count = fields.count,
        .body = reply_static(slice_of(lines[reason])),
    };
}

/* ---- the head ---- */

static size_t size_of_text(const char *text)
{
    return text ? strlen(text) : 0;
}

static size_t size_of_fields(const struct config_header *headers, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += strlen(headers[i].name) + strlen(headers[i].value) + 4;
    return size;
}

size_t reply_head_max(const struct reply *reply, const struct reply_terms *terms)
{
    return REPLY_FIXED + size_of_text(reply->location) + size_of_text(reply->content_type) +
           size_of_text(reply->cache_control) + terms->lines.len +
           size_of_fields(reply->fields, reply->field_count);
}

/* The buffer has the size that reply_head_max returned. */
static char *put(char *at, const char *text)
{
    size_t length = strlen(text);
    memcpy(at, text, length);
    return at + length;
}

static char *put_field(char *at, const char *name, const char *value)
{
    return value ? put(put(put(put(at, name), ": "), value), "\r\n") : at;
}

static char *put_fields(char *at, const struct config_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_allowed(&headers[i]))
            at = put_field(at, headers[i].name, headers[i].value);
    return at;
}

/* An Upgrade field needs its Connection option, RFC 9110 section 7.8. */
static char *put_connection(char *at, unsigned status, bool keep)
{
    bool upgrade = status == 426;
    if (upgrade)
        at = put_field(at, "Upgrade", "websocket");
    if (!keep)
        return put_field(at, "Connection", upgrade ? "close, Upgrade" : "close");
    return put_field(at, "Connection", upgrade ? "Upgrade" : NULL);
}

static char *put_head(char *at, const struct reply *reply, const struct reply_terms *terms)
{
    char number[24];
    snprintf(number, sizeof(number), "%u ", reply->status);
    at = put(put(put(at, "HTTP/1.1 "), number), http_status_phrase(reply->status));
    at = put(at, "\r\nServer: wsluice\r\n");
    at = put_field(at, "Date", terms->date);
    at = put_connection(at, reply->status, terms->keep);
    at = put_field(at, "Cache-Control", reply->cache_control);
    at = put_field(at, "Location", reply->location);
    if (terms->lines.len > 0)
        at = (char *)memcpy(at, terms->lines.ptr, terms->lines.len) + terms->lines.len;
    at = put_fields(at, reply->fields, reply->field_count);
    /* RFC 6455 section 4.2.2 */
    at = put_field(at, "Sec-WebSocket-Version", reply->reason == REASON_ws_version ? "13" : NULL);
    if (!reply_has_content(reply->status))
        return put(at, "\r\n");
    at = put_field(at, "Content-Type", reply->content_type);
    snprintf(number, sizeof(number), "%" PRIu64, reply->body.length);
    return put(put_field(at, "Content-Length", number), "\r\n");
}

size_t reply_head(const struct reply *reply, const struct reply_terms *terms, char *out)
{
    if (reply->location && !reply_is_uri(reply->location))
        return 0;
    return (size_t)(put_head(out, reply, terms) - out);
}

char *reply_build(const struct reply *reply, const struct reply_terms *terms, size_t *length)
{
    size_t body = reply_sends_body(reply, terms) ? (size_t)reply->body.length : 0;
    char *bytes = malloc(reply_head_max(reply, terms) + body);
    if (!bytes)
        return NULL;
    *length = reply_head(reply, terms, bytes);
    if (*length == 0) {
        free(bytes);
        return NULL;
    }
    if (body > 0)
        memcpy(bytes + *length, reply->body.bytes, body);
    *length += body;
    return bytes;
}

bool reply_has_content(unsigned status)
{
    return status != 204 && status != 304;
}

void reply_release(const struct reply *reply)
{
    if (reply->body.source == REPLY_OWNED)
        free(reply->body.owned);
    if (reply->body.source == REPLY_FILE && reply->body.fd >= 0)
        close(reply->body.fd);
}

bool reply_fields(const struct config_route *route, char **lines, size_t *length)
{
    *lines = NULL;
    *length = 0;
    if (route->header_count == 0)
        return true;
    *lines = malloc(size_of_fields(route->headers, route->header_count));
    if (!*lines)
        return false;
    *length = (size_t)(put_fields(*lines, route->headers, route->header_count) - *lines);
    return true;
}
