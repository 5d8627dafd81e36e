/*
 * What a process in a sandbox may do below which folders: a list that begins empty, and the
 * question whether it covers another one.
 *
 * Owns: the paths. Thread: one. Errors: `failed`, once memory was out. Pure. Lifetime: begins as
 * {0}, until sandbox_grants_free.
 */
#ifndef WSLUICE_CORE_SANDBOX_SANDBOX_GRANTS_H
#define WSLUICE_CORE_SANDBOX_SANDBOX_GRANTS_H

#include "base/base.h"

/* Rights below a folder, or of one file. */
enum {
    SANDBOX_READ = 1, /* files and folders */
    SANDBOX_WRITE = 2,
    SANDBOX_TRUNCATE = 4,
    SANDBOX_MAKE_FILE = 8,
    SANDBOX_MAKE_SOCKET = 16,
    SANDBOX_REMOVE = 32, /* files and sockets */
};

struct sandbox_grant {
    char *path; /* absolute, without links, "." and ".." */
    unsigned rights;
    bool is_file;           /* of this file only, and only until another one is at the path */
    uint64_t device, inode; /* of the folder or file */
};

struct sandbox_grants {
    struct sandbox_grant *items;
    size_t count;
    bool failed;
};

/* Adds rights; those of the same path are merged. `grant->path` is copied. */
void sandbox_grants_add(struct sandbox_grants *grants, const struct sandbox_grant *grant);

/* Has `wanted` no right that `grants` lack? The same file may be another one by now: see inode. */
bool sandbox_grants_cover(const struct sandbox_grants *grants, const struct sandbox_grant *wanted);

void sandbox_grants_free(struct sandbox_grants *grants);

/*
 * Is this a folder that holds more than what one program needs, as /etc and /home/NAME do? A file
 * in it is granted alone. `home`: of the user; NULL: not known.
 */
bool sandbox_grants_is_wide(const char *folder, const char *home);

#endif
