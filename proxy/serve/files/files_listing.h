/*
 * Reads a folder for its page (file_listing.h). It asks the disk for each name, so it is work for
 * a thread of the pool.
 *
 * Owns: nothing. Thread: any that may wait. Errors: NULL: out of memory, or the folder cannot be
 * read. Lifetime: the page is the caller's.
 */
#ifndef WSLUICE_SERVE_FILES_FILES_LISTING_H
#define WSLUICE_SERVE_FILES_FILES_LISTING_H

#include "serve/files/files_root.h"

/* `folder` is below the root, and "" or with "/" at its end. malloc'd; `length` is set. */
WSL_MUST_CHECK char *files_listing_read(const struct files_root *root, const char *folder,
                                        bool hidden, size_t *length);

#endif
