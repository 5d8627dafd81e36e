/*
 * The file of a listening Unix socket: its permissions and its removal.
 *
 * Another user may own its folder and replace it with a link or another file at any time. So
 * nothing here acts on a path: safe_path finds the folder; the file in it is opened with O_PATH and
 * without following links, compared with the one that was bound, and changed by its descriptor.
 *
 * Owns: the path. Thread: the main one. Errors: false and a phrase, or errno. Lifetime:
 * unix_file_own to unix_file_forget.
 */
#ifndef WSLUICE_NET_UNIX_FILE_H
#define WSLUICE_NET_UNIX_FILE_H

#include <sys/types.h>

#include "base/base.h"

struct unix_file {
    char *path; /* owned; NULL: there is no file to manage */
    dev_t device;
    ino_t inode; /* with `device`: the file that was bound */
};

/* Who may connect; -1: unchanged. */
struct unix_file_rights {
    mode_t mode;
    uid_t user;
    gid_t group;
};

#define UNIX_FILE_SAME_MODE ((mode_t)-1)

/*
 * Remembers the socket at the path. `fresh`: this process has just bound it, so a file that is no
 * socket, belongs to another user or has a second link is refused with EPERM.
 */
WSL_MUST_CHECK bool unix_file_own(struct unix_file *file, const char *path, bool fresh);

/* False with errno; EPERM: another file is at the path. */
WSL_MUST_CHECK bool unix_file_change(const struct unix_file *file,
                                     const struct unix_file_rights *rights);

/*
 * Marks the file, by the sticky bit: its process ends, and another one may take the path. False: it
 * may not, or another file is there.
 */
WSL_MUST_CHECK bool unix_file_yield(const struct unix_file *file);

/* Whether the process of the socket at the path yields it to this one. */
bool unix_file_is_yielded(const char *path);

/* Removes the file, unless another one is there. */
void unix_file_remove(const struct unix_file *file);

/* The file stays; unix_file_remove does nothing from now on. */
void unix_file_forget(struct unix_file *file);

/* Removes the socket at the path; false with errno. A missing file is no error. */
WSL_MUST_CHECK bool unix_file_unlink(const char *path);

#endif
