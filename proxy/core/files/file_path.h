/*
 * From the path of a request to the name of a file below a root, and back to a Location.
 *
 * Pure. Owns: nothing. Thread: any. Errors: false: there is no such file for anybody.
 * Lifetime: none.
 */
#ifndef WSLUICE_CORE_FILES_FILE_PATH_H
#define WSLUICE_CORE_FILES_FILE_PATH_H

#include "base/base.h"

/* Below the root: "core/rfb.js", "sub/", or nothing for the root itself. Never begins with "/". */
struct file_path {
    const char *name; /* with a NUL behind it, which is not counted */
    size_t length;
    bool folder; /* the client asks for what is in a folder: nothing, or "/" at the end */
};

/*
 * What a route leaves of a path in normal form (uri.h): all behind the folder in which the star of
 * its own path stands; nothing when it has no star.
 */
struct slice file_path_below(const char *route_path, struct slice path);

/*
 * Decodes a normal form once. No part of the result is empty, "." or "..", holds a NUL or, unless
 * `hidden`, begins with a dot; escapes that were escaped stay as they are. `out` has room for
 * path.len + 1 bytes.
 */
WSL_MUST_CHECK bool file_path_decode(struct slice below, bool hidden, char *out,
                                     struct file_path *path);

/* Would a person type it? The last part has no dot, so that a missing script is no page. */
bool file_path_is_page(const struct file_path *path);

/*
 * Where a folder is that was asked for without its "/": relative to the request, so that it is
 * right behind a proxy that cuts a prefix off, and names no host whatever the path is. False: no
 * room.
 */
WSL_MUST_CHECK bool file_path_location(struct slice path, struct slice query, char *out,
                                       size_t capacity);

#endif
