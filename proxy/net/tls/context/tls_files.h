/*
 * The files that TLS was made from, and whether they have changed since.
 *
 * A file is known by what stat says of its path: device, inode, size and times. So a rename over it
 * is seen, and so is a symbolic link on the way that points elsewhere now, which is how Kubernetes
 * replaces all files of a volume at once ("..data").
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

/* The whole file, as much as 16 MiB. `what`: "certificate", for the error. False: see errno, too.
 */
WSL_MUST_CHECK bool tls_files_read(struct tls_files *files, const char *what, const char *path,
                                   struct tls_bytes *bytes, const struct tls_error *error);

/* Wiped: there may be a key in it. */
void tls_files_drop(struct tls_bytes *bytes);

/*
 * True once for each new state of the files that have been read: when it differs from what was last
 * reported (at first: read), and two calls in a row saw the same. Half of a pair that is just being
 * replaced is so left alone. Where we may not look any more, since privileges were dropped, nothing
 * changes. To be called every few seconds.
 */
WSL_MUST_CHECK bool tls_files_changed(struct tls_files *files);

#endif
