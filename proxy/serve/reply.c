#include "serve/reply.h"

#include "codec/http_head.h"

/* Status line, our own fields and the numbers in them; all short and known. */
#define REPLY_FIXED 320

/* Fields that are ours to write: a second one would tell the client another story. */
static bool is_ours(struct slice name)
{
    static const struct slice ours[] = {
        {"connection", 10}, {"content-length", 14}, {"content-type", 12},      {"location", 8},
        {"server", 6},      {"keep-alive", 10},     {"transfer-encoding", 17}, {"upgrade", 7},
    };
    for (size_t i = 0; i < WSL_COUNT(ours); i++)
        if (slice_equal_nocase(name, ours[i]))
            return true;
    return false;
}

static bool is_value(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if ((*c < ' ' && *c != '\t') || *c == 0x7f)
            return false;
    return true;
}

static bool is_allowed(const struct config_header *header)
{
    struct slice name = slice_of(header->name);
    return http_head_is_token(name) && !is_ours(name) && is_value(header->value);
}

/* RFC 3986 section 2: the characters of a URI, none of which ends a field. */
static bool is_uri(const char *text)
{
    static const char others[] = "-._~:/?#[]@!$&'()*+,;=%";
    if (*text == '\0')
        return false;
    for (const char *c = text; *c; c++) {
        bool alnum = (*c >= '0' && *c <= '9') || (slice_lower(*c) >= 'a' && slice_lower(*c) <= 'z');
        if (!alnum && !strchr(others, *c))
            return false;
    }
    return true;
}

static size_t size_of_fields(const struct config_header *headers, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += strlen(headers[i].name) + strlen(headers[i].value) + 4;
    return size;
}

static size_t size_of(const struct reply *reply)
{
    size_t size = REPLY_FIXED + reply->body.len;
    size += reply->location ? strlen(reply->location) : 0;
    size += reply->content_type ? strlen(reply->content_type) : 0;
    return size + size_of_fields(reply->headers, reply->header_count);
}

/* Into room that size_of has measured. */
static char *put(char *at, const char *text)
{
    size_t length = strlen(text);
    memcpy(at, text, length);
    return at + length;
}

static char *put_field(char *at, const char *name, const char *value)
{
    return put(put(put(put(at, name), ": "), value), "\r\n");
}

static char *put_fields(char *at, const struct config_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_allowed(&headers[i]))
            at = put_field(at, headers[i].name, headers[i].value);
    return at;
}

static char *put_head(char *at, const struct reply *reply)
{
    char number[24];
    snprintf(number, sizeof(number), "%u ", reply->status);
    at = put(put(put(at, "HTTP/1.1 "), number), http_head_status_phrase(reply->status));
    at = put(at, "\r\nServer: wsluice\r\nConnection: close\r\n");
    if (reply->fresh)
        at = put_field(at, "Cache-Control", "no-store");
    if (reply->location)
        at = put_field(at, "Location", reply->location);
    at = put_fields(at, reply->headers, reply->header_count);
    if (reply->content_type)
        at = put_field(at, "Content-Type", reply->content_type);
    snprintf(number, sizeof(number), "%zu", reply->body.len);
    return put(put_field(at, "Content-Length", number), "\r\n");
}

char *reply_build(const struct reply *reply, size_t *length)
{
    if (reply->location && !is_uri(reply->location))
        return NULL;
    char *bytes = malloc(size_of(reply));
    if (!bytes)
        return NULL;
    char *at = put_head(bytes, reply);
    if (!reply->head_only && reply->body.len > 0) {
        memcpy(at, reply->body.ptr, reply->body.len);
        at += reply->body.len;
    }
    *length = (size_t)(at - bytes);
    return bytes;
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
