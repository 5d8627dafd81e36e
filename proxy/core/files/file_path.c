#include "core/files/file_path.h"

#include "base/ascii.h"
#include "core/route/expand.h"

struct slice file_path_below(const char *route_path, struct slice path)
{
    struct slice none = {path.ptr + path.len, 0};
    size_t length = strlen(route_path);
    if (length == 0 || route_path[length - 1] != '*')
        return none;
    for (const char *c = route_path; *c; c++) {
        const char *slash = *c == '/' && path.len > 0 ? memchr(path.ptr, '/', path.len) : NULL;
        if (*c == '/' && !slash)
            return none;
        if (slash)
            path = slice_from(path, (size_t)(slash - path.ptr) + 1);
    }
    return path;
}

static bool decode_byte(struct slice *rest, char *byte)
{
    *byte = rest->ptr[0];
    if (*byte != '%') {
        *rest = slice_from(*rest, 1);
        return true;
    }
    int escaped = ascii_unescape(*rest);
    if (escaped < 0)
        return false;
    *byte = (char)escaped;
    *rest = slice_from(*rest, 3);
    return *byte != '\0' && *byte != '/';
}

static bool is_allowed(struct slice part, bool hidden)
{
    if (part.len == 0 || slice_equal(part, SLICE(".")) || slice_equal(part, SLICE("..")))
        return false;
    return hidden || part.ptr[0] != '.';
}

bool file_path_decode(struct slice below, bool hidden, char *out, struct file_path *path)
{
    size_t length = 0, part = 0;
    while (below.len > 0) {
        bool ends = below.ptr[0] == '/';
        if (ends && !is_allowed((struct slice){out + part, length - part}, hidden))
            return false;
        if (!decode_byte(&below, &out[length]))
            return false;
        length++;
        part = ends ? length : part;
    }
    if (part < length && !is_allowed((struct slice){out + part, length - part}, hidden))
        return false;
    out[length] = '\0';
    *path = (struct file_path){out, length, part == length};
    return true;
}

bool file_path_is_page(const struct file_path *path)
{
    size_t at = path->length - (path->folder && path->length > 0);
    while (at > 0 && path->name[at - 1] != '/')
        if (path->name[--at] == '.')
            return false;
    return true;
}

bool file_path_location(struct slice path, struct slice query, char *out, size_t capacity)
{
    size_t at = path.len;
    while (at > 0 && path.ptr[at - 1] != '/')
        at--;
    struct expand_request request = {.path = slice_from(path, at), .query = query};
    return expand_location("./{path}/{query}", &request, out, capacity);
}
