#include "codec/http/http_query.h"

#include "base/ascii.h"

/* Cuts the part before `end` off the beginning, and `end` with it. */
static struct slice cut(struct slice *rest, char end)
{
    const char *at = rest->len > 0 ? memchr(rest->ptr, end, rest->len) : NULL;
    struct slice part = {rest->ptr, at ? (size_t)(at - rest->ptr) : rest->len};
    *rest = slice_from(*rest, part.len + (at != NULL));
    return part;
}

void http_query_next(struct slice *query, struct slice *key, struct slice *value)
{
    *value = cut(query, '&');
    *key = cut(value, '=');
}

char http_query_unescape(struct slice *text)
{
    int escaped = ascii_unescape(*text);
    char byte = escaped < 0 ? text->ptr[0] : (char)escaped;
    *text = slice_from(*text, escaped < 0 ? 1 : 3);
    return byte;
}

char http_query_decode(struct slice *text)
{
    bool plus = text->ptr[0] == '+';
    char byte = http_query_unescape(text);
    return plus ? ' ' : byte;
}
