#include "core/session/browser_request.h"

/* Safari asks for its icon with and without a size, such as /apple-touch-icon-120x120.png. */
static const struct {
    struct slice text;
    bool is_prefix;
} paths[] = {
    {{"/favicon.ico", 12}, false},
    {{"/robots.txt", 11}, false},
    {{"/apple-touch-icon", 17}, true},
    {{"/.well-known/", 13}, true},
};

bool browser_request_is_automatic(struct slice method, struct slice path)
{
    if (!slice_equal(method, SLICE("GET")) && !slice_equal(method, SLICE("HEAD")))
        return false;
    for (size_t i = 0; i < WSL_COUNT(paths); i++) {
        struct slice rest = path;
        if (slice_cut_prefix(&rest, paths[i].text) && (rest.len == 0 || paths[i].is_prefix))
            return true;
    }
    return false;
}
