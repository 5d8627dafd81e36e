/*
 * From the path of a request to the name of a file below a root, and back to a Location.
 *
 * Pure. Owns: nothing. Thread: any. Errors: false: such a file is never served.
 * Lifetime: none.
 */
#ifndef WSLUICE_CORE_FILES_FILE_PATH_H
#define WSLUICE_CORE_FILES_FILE_PATH_H

#include "base/base.h"

/* Below the root: "core/rfb.js", "sub/", or nothing for the root itself. Never begins with "/". */
struct file_path {
    const char *name; /* with a NUL behind it, which is not counted */
    size_t length;
    bool folder; /* the name of a folder: empty, or with "/" at the end */
};

/*
 * The part of a path in normal form (uri.h) that the star of the route's path stands for; empty if
 * the route has no star.
 */
struct slice file_path_below(const char *route_path, struct slice path);

/*
 * Decodes a normal form once. No part of the result is empty, "." or "..", holds a NUL or, unless
 * `hidden`, begins with a dot; escapes that were escaped stay as they are. `out` has room for
 * path.len + 1 bytes.
 */
WSL_MUST_CHECK bool file_path_decode(struct slice below, bool hidden, char *out,
                                     struct file_path *path);

/* Could it be a page's path? Its last part has no dot, as that of a script has. */
bool file_path_is_page(const struct file_path *path);

/*
 * The Location of a folder that was requested without its "/": relative to the request, so that it
 * is right behind a proxy that removes a prefix, and never names a host. False: it does not fit.
 */
WSL_MUST_CHECK bool file_path_location(struct slice path, struct slice query, char *out,
                                       size_t capacity);

#endif
