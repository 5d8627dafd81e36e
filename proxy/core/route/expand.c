#include "core/route/expand.h"

#include "base/ascii.h"
#include "codec/http/uri.h"

/*
 * Cuts the text up to the next "{name}" off `rest`, with the name; without a name, all of the text,
 * and name.ptr is NULL. False at the end, and at a "{" without "}", where `rest` stays.
 */
static bool cut(struct slice *rest, struct slice *text, struct slice *name)
{
    const char *open = rest->len > 0 ? memchr(rest->ptr, '{', rest->len) : NULL;
    *name = (struct slice){0};
    *text = *rest;
    if (!open) {
        *rest = (struct slice){rest->ptr + rest->len, 0};
        return text->len > 0;
    }
    text->len = (size_t)(open - rest->ptr);
    const char *close = memchr(open, '}', rest->len - text->len);
    if (!close)
        return false;
    *name = (struct slice){open + 1, (size_t)(close - open) - 1};
    rest->len -= (size_t)(close - rest->ptr) + 1;
    rest->ptr = close + 1;
    return true;
}

static const struct expand_value *find(const struct expand_value *values, size_t count,
                                       struct slice name)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(values[i].name, name))
            return &values[i];
    return NULL;
}

static bool append(struct slice text, char *out, size_t capacity, size_t *length)
{
    if (text.len >= capacity - *length) /* a NUL follows */
        return false;
    if (text.len > 0)
        memcpy(out + *length, text.ptr, text.len);
    *length += text.len;
    return true;
}

bool expand_text(const char *template, const struct expand_value *values, size_t count, char *out,
                 size_t capacity)
{
    struct slice rest = slice_of(template), text, name;
    size_t length = 0;
    if (capacity == 0)
        return false;
    while (cut(&rest, &text, &name)) {
        if (!append(text, out, capacity, &length))
            return false;
        if (!name.ptr)
            continue;
        const struct expand_value *found = find(values, count, name);
        if (!found || !append(found->value, out, capacity, &length))
            return false;
    }
    out[length] = '\0';
    return rest.len == 0;
}

static bool is_visible(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text >= 0x7F || strchr("\"<>\\", *text))
            return false;
    return true;
}

/* Browsers leave these in a query as they are; in a URI they are escaped, RFC 3986 section 2. */
static bool escape_odd(char *out, size_t capacity)
{
    static const char odd[] = "^`{|}";
    size_t length = strlen(out), grown = length;
    for (const char *c = out; *c; c++)
        grown += strchr(odd, *c) ? 2 : 0;
    if (grown >= capacity)
        return false;
    out[grown] = '\0';
    for (size_t from = length, to = grown; to > from;) {
        char c = out[--from];
        bool escaped = strchr(odd, c) != NULL;
        to -= escaped ? 3 : 1;
        if (escaped)
            ascii_escape(out + to, c);
        else
            out[to] = c;
    }
    return true;
}

bool expand_location(const char *template, const struct expand_request *request, char *out,
                     size_t capacity)
{
    struct slice host, port, query = request->query;
    uri_split_authority(request->host, &host, &port);
    if (query.ptr) /* the "?" stands in front of it in the request target */
        query = (struct slice){query.ptr - 1, query.len + 1};
    const struct expand_value values[] = {
        {SLICE("path"), request->path},
        {SLICE("query"), query},
        {SLICE("host"), host},
    };
    size_t count = WSL_COUNT(values) - (host.len == 0);
    if (!expand_text(template, values, count, out, capacity) || !is_visible(out) ||
        !escape_odd(out, capacity))
        return false;
    size_t slashes = strspn(out, "/");
    if (slashes > 1)
        memmove(out + 1, out + slashes, strlen(out + slashes) + 1);
    return true;
}
