/*
 * The page that lists a folder: folders first, by name, with relative links, which are right under
 * any prefix. It needs no script and no other resource.
 *
 * Pure but for malloc. Owns: nothing. Thread: any. Errors: NULL: out of memory.
 * Lifetime: the page is the caller's.
 */
#ifndef WSLUICE_CORE_FILES_FILE_LISTING_H
#define WSLUICE_CORE_FILES_FILE_LISTING_H

#include "base/base.h"

/* The page's own Content-Security-Policy. */
#define FILE_LISTING_POLICY "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"

struct file_listing_entry {
    char *name; /* bytes, as the file system has them */
    bool folder;
    uint64_t size;    /* of a file */
    int64_t modified; /* Unix seconds */
};

struct file_listing {
    struct slice title;                 /* the folder's name, in bytes */
    bool has_parent;                    /* its parent is served as well */
    bool cut;                           /* the folder has more entries */
    struct file_listing_entry *entries; /* sorted here */
    size_t count;
};

/* malloc'd; `length` is set. */
WSL_MUST_CHECK char *file_listing_page(const struct file_listing *listing, size_t *length);

#endif
