#include "codec/http/uri.h"

#include "base/ascii.h"

/* The rest of pchar that may stand raw: sub-delims, ":" and "@", RFC 3986 section 3.3. */
static bool is_delimiter(uint8_t c)
{
    return c != '\0' && strchr("!$&'()*+,;=:@", c) != NULL;
}

/* Cuts off the first character or escape; false: an escape without two digits. */
static bool cut_byte(struct slice *path, uint8_t *byte, bool *escaped)
{
    size_t width = 1;
    *byte = (uint8_t)path->ptr[0];
    *escaped = *byte == '%';
    if (*escaped) {
        int value = ascii_unescape(*path);
        if (value < 0)
            return false;
        *byte = (uint8_t)value;
        width = 3;
    }
    *path = (struct slice){path->ptr + width, path->len - width};
    return true;
}

static bool is_dots(const char *segment, size_t length)
{
    return (length == 1 && segment[0] == '.') ||
           (length == 2 && segment[0] == '.' && segment[1] == '.');
}

static bool is_refused(uint8_t c, bool escaped)
{
    if (c < ' ' || c == 0x7F || c == '\\')
        return true;
    return escaped ? c == '/' : c == '?' || c == '#';
}

enum reason uri_normalise(struct slice path, char *out, struct slice *normal)
{
    if (path.len == 0 || path.ptr[0] != '/')
        return REASON_http_path;
    size_t length = 0, segment = 0; /* where the current segment begins in `out` */
    while (path.len > 0) {
        uint8_t byte;
        bool escaped;
        if (!cut_byte(&path, &byte, &escaped) || is_refused(byte, escaped))
            return REASON_http_path;
        if (byte == '/') {
            if (is_dots(out + segment, length - segment))
                return REASON_http_path;
            if (length == 0 || out[length - 1] != '/')
                out[length++] = '/';
            segment = length;
        } else if (ascii_is_unreserved((char)byte) || (!escaped && is_delimiter(byte))) {
            out[length++] = (char)byte;
        } else {
            ascii_escape(out + length, (char)byte);
            length += 3;
        }
    }
    if (is_dots(out + segment, length - segment))
        return REASON_http_path;
    *normal = (struct slice){out, length};
    return REASON_none;
}

void uri_split_authority(struct slice authority, struct slice *host, struct slice *port)
{
    size_t end = authority.len;
    while (end > 0 && ascii_is_digit(authority.ptr[end - 1]))
        end--;
    bool has_port = end > 0 && authority.ptr[end - 1] == ':';
    *host = (struct slice){authority.ptr, has_port ? end - 1 : authority.len};
    *port = has_port ? (struct slice){authority.ptr + end, authority.len - end} : (struct slice){0};
}
