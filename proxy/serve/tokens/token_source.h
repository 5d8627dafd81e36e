/*
 * The disk under a route's tokens: the file, or all files of a folder, as one text; and what tells
 * whether they have changed. A folder's files are taken in the order of their names, hidden ones
 * too; folders in it are not. Symbolic links are followed: that is how Kubernetes mounts things.
 *
 * Owns: nothing; the text is the caller's. Thread: any; it blocks as long as the disk does.
 * Errors: false, and one line that names the file. Lifetime: token_source_free wipes the text.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_SOURCE_H
#define WSLUICE_SERVE_TOKENS_TOKEN_SOURCE_H

#include <sys/stat.h>

#include "base/siphash.h"

#define TOKEN_SOURCE_MAX (64U << 20) /* bytes of all files together */

struct token_piece {
    char *name;     /* owned; of the file in its folder. NULL: the source is the file */
    size_t length;  /* of its text */
    int error_code; /* it could not be read */
};

struct token_text {
    char *bytes;
    size_t length;
    struct token_piece *pieces; /* one after the other */
    size_t count;
};

/*
 * One number for all that stat tells of the source: other number, other content. The same number
 * means the same content only if nobody writes any more: clocks of file systems are coarse.
 *
 * What a folder's links lead to changes elsewhere: in the folder that the link names. Kubernetes'
 * "name -> ..data/name" has "..data" there, a link itself, which is swapped.
 */
#define TOKEN_LOOK_LINKS 8

struct token_look {
    uint64_t fingerprint;
    bool watchable; /* a folder; watches of it and of `links` hear of all that is written */
    char *links[TOKEN_LOOK_LINKS]; /* owned; folders in which links lead to files, each once */
    size_t link_count;
};

/* To be freed by token_source_look_free, also when it fails. */
WSL_MUST_CHECK bool token_source_look(const char *path, const struct siphash_seed *seed,
                                      struct token_look *look, char *error, size_t error_size);
void token_source_look_free(struct token_look *look);

/* That number, of a source that is one file. */
uint64_t token_source_fingerprint(const struct siphash_seed *seed, const struct stat *info);

/* A folder's files that cannot be read are named in their pieces. */
WSL_MUST_CHECK bool token_source_read(const char *path, struct token_text *text, char *error,
                                      size_t error_size);
bool token_source_same(const struct token_text *a, const struct token_text *b);
void token_source_free(struct token_text *text);

/*
 * The text of the file in the folder `path` that is called `name`, of at most `size` bytes. There
 * is none for what is no plain name: empty, hidden, with "/" or NUL; nor for a link that leads out
 * of the folder. False: none, with *error empty, or it cannot be read.
 */
WSL_MUST_CHECK bool token_source_named(const char *path, struct slice name, char *out, size_t size,
                                       size_t *length, char *error, size_t error_size);

#endif
