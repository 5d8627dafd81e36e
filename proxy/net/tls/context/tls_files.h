/*
 * The files that TLS contexts were made from, and whether they have changed since.
 *
 * A file is identified by the stat of its path: device, inode, size and times. So a rename over it
 * is detected, and so is a changed symbolic link in its path: Kubernetes replaces all files of a
 * volume at once by such a link ("..data").
 *
 * Owns: the paths. Thread: one at a time. Errors: reading fills one line. Lifetime: tls_files_init
 * to tls_files_free.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_FILES_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_FILES_H

#include "net/tls/context/tls_error.h"

struct tls_file;

struct tls_files {
    struct tls_file *items;
    size_t count, capacity;
};

struct tls_bytes {
    unsigned char *data;
    size_t length;
};

void tls_files_init(struct tls_files *files);
void tls_files_free(struct tls_files *files);

/*
 * The whole file, up to 16 MiB. A pipe or FIFO has a minute, so that one in a folder of another
 * user does not stop reloads for good. `what`: "certificate", for the error. False: errno is set,
 * too.
 */
WSL_MUST_CHECK bool tls_files_read(struct tls_files *files, const char *what, const char *path,
                                   struct tls_bytes *bytes, const struct tls_error *error);

/* Wipes and frees: there may be a key in it. */
void tls_files_free_bytes(struct tls_bytes *bytes);

/*
 * True once for each new state of the files: it differs from the one last reported (at first:
 * read), and two calls in a row saw the same. So a half-replaced pair is not reported. A file that
 * may not be looked at any more, after privileges were dropped, counts as unchanged. For a timer of
 * a few seconds.
 */
WSL_MUST_CHECK bool tls_files_changed(struct tls_files *files);

#endif
