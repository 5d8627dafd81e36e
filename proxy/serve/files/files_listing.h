/*
 * Reads a folder and makes its page (file_listing.h). It stats every name, so it runs in a thread
 * of the pool.
 *
 * Owns: nothing. Thread: any that may wait. Errors: NULL: out of memory, or the folder cannot be
 * read. Lifetime: the page is the caller's.
 */
#ifndef WSLUICE_SERVE_FILES_FILES_LISTING_H
#define WSLUICE_SERVE_FILES_FILES_LISTING_H

#include "serve/files/files_root.h"

/* `folder` is relative to the root: "", or a path that ends with "/". malloc'd; `length` is set. */
WSL_MUST_CHECK char *files_listing_read(const struct files_root *root, const char *folder,
                                        bool hidden, size_t *length);

#endif
