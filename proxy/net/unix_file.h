/*
 * The file of a listening Unix socket: who may connect, and how it goes again.
 *
 * Its folder may belong to another user, who can put a link or another file in its place at any
 * time. So nothing here acts on a path: the folder is found by safe_path, the file is opened in it
 * with O_PATH and without following links, compared with the one that was bound, and then changed
 * by its descriptor.
 *
 * Owns: the path. Thread: the main one. Errors: false and a phrase, or errno. Lifetime:
 * unix_file_own to unix_file_forget.
 */
#ifndef WSLUICE_NET_UNIX_FILE_H
#define WSLUICE_NET_UNIX_FILE_H

#include <sys/types.h>

#include "base/base.h"

struct unix_file {
    char *path;   /* owned; NULL: none is ours */
    dev_t device; /* ours as long as it is this file */
    ino_t inode;
};

/* Who may connect; -1: as it is. */
struct unix_file_rights {
    mode_t mode;
    uid_t user;
    gid_t group;
};

#define UNIX_FILE_SAME_MODE ((mode_t)-1)

/*
 * Takes the socket that lies at the path as the one that was bound there. With `fresh` it was bound
 * just now, by us: a file that is no socket, not this user's or has a second name is refused with
 * EPERM.
 */
WSL_MUST_CHECK bool unix_file_own(struct unix_file *file, const char *path, bool fresh);

/* False with errno; EPERM: another file lies at the path. */
WSL_MUST_CHECK bool unix_file_change(const struct unix_file *file,
                                     const struct unix_file_rights *rights);

/* Removes the file, unless another one lies there. */
void unix_file_remove(const struct unix_file *file);

/* The file stays where it is, as somebody else's. */
void unix_file_forget(struct unix_file *file);

/* Removes the socket that lies at the path; false with errno. Nothing there is fine. */
WSL_MUST_CHECK bool unix_file_unlink(const char *path);

#endif
