/*
 * Captures add neither segments nor parameters to the path of a target, and no other bytes than a
 * request may have.
 *
 * Input: a path as a client sends it; its first two segments are the captures.
 */
#include "core/route/captured_path.h"

#include "codec/http/uri.h"
#include "core/route/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_of(const char *text, char wanted)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == wanted;
    return count;
}

static bool has_dots(const char *path)
{
    for (const char *at = path; (at = strchr(at, '/')); at++) {
        size_t length = strcspn(at + 1, "/?;");
        if (length > 0 && length <= 2 && strspn(at + 1, ".") >= length)
            return true;
    }
    return false;
}

static void check(const char *template, const struct route_match *match)
{
    static const char separators[] = "/?&;=+#";
    for (size_t capacity = 0; capacity <= 2000; capacity += 199) {
        char *out = malloc(capacity + 1);
        wsl_assert(out);
        if (captured_path_make(template, match, out, capacity)) {
            wsl_assert(strlen(out) < capacity && !has_dots(out));
            for (const char *c = separators; *c; c++)
                wsl_assert(count_of(out, *c) == count_of(template, *c));
            for (const char *c = out; *c; c++)
                wsl_assert(*c > ' ' && *c < 0x7F);
        }
        free(out);
    }
}

/* The first segment, which is not empty, and the "/" in front of it. */
static struct slice cut_segment(struct slice *path)
{
    struct slice segment = slice_from(*path, 1);
    const char *end = segment.len > 0 ? memchr(segment.ptr, '/', segment.len) : NULL;
    if (end)
        segment.len = (size_t)(end - segment.ptr);
    *path = slice_from(*path, segment.len + 1);
    return segment;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char normal[URI_NORMAL_MAX(600)];
    struct slice path;
    if (size > 600 || uri_normalise((struct slice){(const char *)data, size}, normal, &path) != 0)
        return 0;
    struct slice a = cut_segment(&path);
    struct slice b = path.len > 0 ? cut_segment(&path) : (struct slice){0};
    if (a.len == 0 || b.len == 0)
        return 0;
    const struct route_match match = {.captures = {{SLICE("a"), a}, {SLICE("b"), b}},
                                      .capture_count = 2};
    check("/{a}", &match);
    check("/desks/{a}/{b}/ws", &match);
    check("/ws?of={a}&to={b}&as=guest", &match);
    check("/{b};v={a}?{b}", &match);
    return 0;
}
