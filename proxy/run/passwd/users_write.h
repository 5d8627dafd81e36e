/*
 * Reads a users file and replaces it as a whole: a process that reads it meanwhile gets the old
 * text or the new one. The new file has the owner, the group, the mode and the access list of the
 * old one; without an old one it is readable and writable for its owner alone.
 *
 * Two commands at a time take turns (flock of the file). A link is followed if it is the user's own
 * or root's, and the file behind it is replaced. For root, safe_path says which paths are safe.
 *
 * Owns: descriptors and the text, which is wiped. Thread: any; blocks. Errors: false and one line.
 * Lifetime: users_write_open, even if it fails, to users_write_close.
 */
#ifndef WSLUICE_RUN_PASSWD_USERS_WRITE_H
#define WSLUICE_RUN_PASSWD_USERS_WRITE_H

#include <sys/stat.h>

#include "base/safe_path.h"

struct users_write {
    const char *path; /* borrowed */
    struct safe_path place;
    int fd; /* -1: there is no such file */
    struct stat status;
    char *text; /* NULL: empty */
    size_t length;
};

WSL_MUST_CHECK bool users_write_open(struct users_write *file, const char *path, char *error,
                                     size_t error_size);
WSL_MUST_CHECK bool users_write_replace(struct users_write *file, struct slice text, char *error,
                                        size_t error_size);
void users_write_close(struct users_write *file);

#endif
