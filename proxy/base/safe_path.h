/*
 * Files that the process creates, opens for writing or removes by path, in folders that another
 * user may change. For root, a plain path is dangerous there: the owner of a folder can replace a
 * name by a link and so choose the file that root acts on. Root therefore resolves a path one
 * component at a time, follows a link only where only root can change it, and acts on names
 * relative to the open folder. Without root's rights there is no such risk, and the kernel resolves
 * the path.
 *
 * Owns: the folder's descriptor. Thread: any. Errors: false or -1 with errno; safe_path_explain
 * explains it. Lifetime: safe_path_find to safe_path_close.
 */
#ifndef WSLUICE_BASE_SAFE_PATH_H
#define WSLUICE_BASE_SAFE_PATH_H

#include <limits.h>
#include <sys/types.h>

#include "base/base.h"

struct safe_path {
    int folder;              /* O_PATH */
    bool shared;             /* we are root, and other users may change the names in it */
    bool magic;              /* the name is a magic link of procfs: only the kernel can follow it */
    char name[NAME_MAX + 1]; /* in that folder */
};

/* The owner of a file that is created; NULL: this process. */
struct safe_path_owner {
    uid_t user;
    gid_t group;
};

/*
 * The folder of `path` and the last name, which need not exist. `follow`: if the last name is
 * root's link in root's folder, resolves it. ELOOP: another user may have made a link on the path.
 */
WSL_MUST_CHECK bool safe_path_find(struct safe_path *found, const char *path, bool follow);

/* errno stays as it is. */
void safe_path_close(struct safe_path *found);

/*
 * Opens a file for writing; creates it for `owner` if it is missing. EPERM: in a folder that other
 * users may change, the file has hard links, or its owner is neither root, nor `owner`, nor the
 * folder's owner.
 */
WSL_MUST_CHECK int safe_path_open(const char *path, int flags, mode_t mode,
                                  const struct safe_path_owner *owner);

/* Creates a file for writing. EEXIST: the name exists, as a file or as a link. */
WSL_MUST_CHECK int safe_path_make(const char *path, int flags, mode_t mode);

/* Explains an errno of the functions above. */
const char *safe_path_explain(int error);

#endif
