/*
 * What a route that serves files answers: finds the file below the route's root and makes an answer
 * of it, by the terms of core/files/file_terms.h.
 *
 * The disk is slow, and the loop does not wait for it: names are first resolved from the kernel's
 * cache alone, and only what is not there goes to a thread that may wait (files_answer with `wait`
 * set). Folders are listed there, too. A body is read where it is sent: from the page cache, as far
 * as it is there.
 *
 * Owns: the root's descriptor. Thread: const once created, then any. Errors: a status of the
 * answer. Lifetime: the site's; a reload opens the root anew.
 */
#ifndef WSLUICE_SERVE_FILES_FILES_H
#define WSLUICE_SERVE_FILES_FILES_H

#include "core/files/file_terms.h"
#include "serve/http/reply.h"

struct files;

#define FILES_FIELDS 12

/* It stays where it is made: the reply's texts lie in it. */
struct files_answer {
    struct reply reply; /* 200, 206, 301, 304, 404, 412, 416, 503 */
    struct file_terms terms;
    struct config_header fields[FILES_FIELDS];
    char *location; /* owned; NULL: none */
};

/* For a route with files; NULL and why, with the option's path. */
WSL_MUST_CHECK struct files *files_create(const struct config_route *route, char *error,
                                          size_t error_size);
void files_free(struct files *files); /* NULL is fine */

/* Whether this process may read it now; false and why. Asks the disk. */
WSL_MUST_CHECK bool files_readable(const struct files *files, char *error, size_t error_size);

/*
 * The answer to a GET or HEAD for `path` in normal form, of which the first bytes are the base path
 * of its listener. It may be the folder of the route's star without its "/". False: only the disk
 * knows, and `wait` was not set.
 */
WSL_MUST_CHECK bool files_answer(const struct files *files, const struct http_head *head,
                                 struct slice path, size_t base, bool wait,
                                 struct files_answer *answer);

/* Once the reply is sent, or released: its body is another matter. */
void files_answer_free(struct files_answer *answer);

#endif
