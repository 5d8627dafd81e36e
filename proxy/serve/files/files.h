/*
 * Answers of a route that serves files: finds the file below the route's root, and applies the
 * conditions and ranges of the request to it (core/files/file_terms.h).
 *
 * The loop does not wait for the disk: names are first resolved from the kernel's cache alone, and
 * only a name that is not cached goes to a thread of the pool (files_reply with `wait`). Folders
 * are listed there, too. The body is read when it is sent, from the page cache if it is there.
 *
 * Owns: the root's descriptor. Thread: const once created, then any. Errors: a status of the
 * answer. Lifetime: the site's; a reload opens the root again.
 */
#ifndef WSLUICE_SERVE_FILES_FILES_H
#define WSLUICE_SERVE_FILES_FILES_H

#include "core/files/file_terms.h"
#include "serve/http/reply.h"

struct files;

#define FILES_FIELDS 12

/* Not to be copied: the reply points into it. */
struct files_reply {
    struct reply reply; /* 200, 206, 301, 304, 404, 412, 416, 503 */
    struct file_terms terms;
    struct config_header fields[FILES_FIELDS];
    char *location; /* owned; NULL: none */
};

/* For a route with files. NULL: `error` has the place, the option and the problem. */
WSL_MUST_CHECK struct files *files_create(const struct config_route *route, char *error,
                                          size_t error_size);
void files_free(struct files *files); /* NULL: nothing happens */

/* Whether this process may read the root or file now; false: see `error`. May wait for the disk. */
WSL_MUST_CHECK bool files_are_readable(const struct files *files, char *error, size_t error_size);

/*
 * The answer to a GET or HEAD. `path` is in normal form; its first `base` bytes are the base path
 * of the listener. A path that is the route's folder without its "/" is redirected. False: the name
 * is not in the kernel's cache, and `wait` is not set.
 */
WSL_MUST_CHECK bool files_reply(const struct files *files, const struct http_head *head,
                                struct slice path, size_t base, bool wait,
                                struct files_reply *answer);

/* After the reply is sent or released; does not free its body. */
void files_reply_free(struct files_reply *answer);

#endif
