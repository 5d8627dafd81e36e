/*
 * The files of a route's tokens: one file, or all files of a folder as one text; and whether they
 * have changed. The files of a folder are read in the order of their names, hidden ones too, but
 * not folders in it. Symbolic links are followed: Kubernetes mounts files that way.
 *
 * Owns: nothing; the text is the caller's. Thread: any; it blocks as long as the disk does.
 * Errors: false, and one line that names the file. Lifetime: token_files_free wipes the text.
 */
#ifndef WSLUICE_SERVE_TOKENS_FILE_TOKEN_FILES_H
#define WSLUICE_SERVE_TOKENS_FILE_TOKEN_FILES_H

#include <sys/stat.h>

#include "base/siphash.h"

#define TOKEN_FILES_MAX (64U << 20) /* bytes of all files together */

struct token_piece {
    char *name;     /* owned; of the file in the folder. NULL: the source is one file */
    size_t length;  /* of its text */
    int error_code; /* errno, if it could not be read */
};

struct token_text {
    char *bytes;
    size_t length;
    struct token_piece *pieces; /* of `bytes`, one for each file */
    size_t count;
};

/*
 * The fingerprint is a number made of all that stat tells of the source. A different number means
 * different content. The same number means the same content only if the source is not written any
 * more, because clocks of file systems are coarse.
 *
 * A file behind a link changes in another folder: the one that the link names. Kubernetes' link
 * "name -> ..data/name" has "..data" there, itself a link that is replaced.
 */
#define TOKEN_SCAN_LINKS 8

struct token_scan {
    uint64_t fingerprint;
    bool watchable;                /* a folder; watches of it and of `links` report every change */
    char *links[TOKEN_SCAN_LINKS]; /* owned; folders into which its links lead, each once */
    size_t link_count;
};

/* *scan is released by token_files_scan_free, after a failure as well. */
WSL_MUST_CHECK bool token_files_scan(const char *path, const struct siphash_seed *seed,
                                     struct token_scan *scan, char *error, size_t error_size);
void token_files_scan_free(struct token_scan *scan);

/* The fingerprint of a source that is one file. */
uint64_t token_files_fingerprint(const struct siphash_seed *seed, const struct stat *info);

/* A file of a folder that cannot be read has an error_code. */
WSL_MUST_CHECK bool token_files_read(const char *path, struct token_text *text, char *error,
                                     size_t error_size);
bool token_files_is_same(const struct token_text *a, const struct token_text *b);
void token_files_free(struct token_text *text);

/*
 * The text of the file `name` in the folder `path`, of at most `size` bytes. There is none for a
 * name that is empty, hidden, or has a "/" or NUL; nor for a link that leads out of the folder.
 * False: there is none, with *error empty, or it cannot be read.
 */
WSL_MUST_CHECK bool token_files_read_named(const char *path, struct slice name, char *out,
                                           size_t size, size_t *length, char *error,
                                           size_t error_size);

#endif
