#include "core/route/captured_path.h"

#include "base/ascii.h"
#include "codec/http/uri.h"
#include "core/route/route.h"

/* The escapes of the normal form stay. False: longer than a segment can be. */
static bool escape(struct slice value, char out[static URI_NORMAL_MAX(ROUTE_SEGMENT_MAX)],
                   struct slice *escaped)
{
    size_t length = 0;
    if (value.len > ROUTE_SEGMENT_MAX)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (ascii_is_unreserved(c) || c == '%') {
            out[length++] = c;
        } else {
            ascii_escape(out + length, c);
            length += 3;
        }
    }
    *escaped = (struct slice){out, length};
    return true;
}

bool captured_path_make(const char *template, const struct route_match *match, char *out,
                        size_t capacity)
{
    char room[ROUTE_CAPTURES_MAX][URI_NORMAL_MAX(ROUTE_SEGMENT_MAX)];
    struct expand_value values[ROUTE_CAPTURES_MAX];
    for (size_t i = 0; i < match->capture_count; i++) {
        values[i].name = match->captures[i].name;
        if (!escape(match->captures[i].value, room[i], &values[i].value))
            return false;
    }
    return expand_text(template, values, match->capture_count, out, capacity);
}
