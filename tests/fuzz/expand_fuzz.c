/*
 * A Location is one line of visible ASCII, and has a host only where the form has one.
 *
 * Input: host, path and query, a line each.
 */
#include "core/route/expand.h"

#include "codec/http/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_form(const char *form, const char *beginning,
                       const struct expand_request *request)
{
    for (size_t capacity = 1; capacity <= 512; capacity += 73) {
        char *out = malloc(capacity);
        wsl_assert(out);
        if (expand_location(form, request, out, capacity)) {
            size_t length = strlen(out);
            wsl_assert(length < capacity && strncmp(out, beginning, strlen(beginning)) == 0);
            wsl_assert(beginning[0] != '/' || out[1] != '/');
            for (size_t i = 0; i < length; i++)
                wsl_assert(out[i] > ' ' && out[i] < 0x7F);
        }
        free(out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *first = size > 0 ? memchr(text, '\n', size) : NULL;
    size_t rest = first ? size - (size_t)(first - text) - 1 : 0;
    const char *second = rest > 0 ? memchr(first + 1, '\n', rest) : NULL;
    if (!second || size > 300)
        return 0;
    char normal[URI_NORMAL_MAX(300)];
    struct expand_request request = {
        .host = {text, (size_t)(first - text)},
        .query = {second + 1, size - (size_t)(second - text) - 1},
    };
    struct slice path = {first + 1, (size_t)(second - first) - 1};
    if (uri_normalise(path, normal, &request.path) != REASON_none)
        return 0;
    /* A query follows a "?"; the input has a line feed there. */
    char *copy = malloc(request.query.len + 1);
    wsl_assert(copy);
    copy[0] = '?';
    memcpy(copy + 1, request.query.ptr, request.query.len);
    request.query.ptr = copy + 1;
    check_form("{path}{query}", "/", &request);
    check_form("/{path}", "/", &request);
    check_form("https://b.example{path}{query}", "https://b.example/", &request);
    check_form("https://{host}{path}{query}", "https://", &request);
    free(copy);
    return 0;
}
