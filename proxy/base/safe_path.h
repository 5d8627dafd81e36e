/*
 * Files that the process makes, opens for writing or removes by path, in folders that another user
 * may change. As root, a plain path is a trap there: the owner of a folder swaps a name for a link
 * and chooses the file that root acts on. So root resolves a path one component at a time, follows
 * links only where nobody but root can change them, and acts on names in the folder that it holds
 * open. Without root's rights there is nothing to win, and paths resolve as always.
 *
 * Owns: the folder's descriptor. Thread: any. Errors: false or -1 with errno; safe_path_reason has
 * the words. Lifetime: safe_path_find to safe_path_close.
 */
#ifndef WSLUICE_BASE_SAFE_PATH_H
#define WSLUICE_BASE_SAFE_PATH_H

#include <limits.h>
#include <sys/types.h>

#include "base/base.h"

/* "/proc/self/fd/N/NAME" */
#define SAFE_PATH_PROC (NAME_MAX + 32)

struct safe_path {
    int folder;              /* O_PATH */
    bool shared;             /* we are root, and others may change what names in it lead to */
    bool magic;              /* the name is a link of procfs that only the kernel can follow */
    char name[NAME_MAX + 1]; /* in that folder */
};

/* Who gets a file that is made; NULL: nobody but us. */
struct safe_path_owner {
    uid_t user;
    gid_t group;
};

/*
 * The folder of `path` and the last name, which need not exist. `follow`: where the last name is a
 * link of root's in a folder of root's, what it leads to. ELOOP: a link that another user may have
 * made.
 */
WSL_MUST_CHECK bool safe_path_find(struct safe_path *found, const char *path, bool follow);
void safe_path_close(struct safe_path *found);

/*
 * Opens a file for writing; makes it, for `owner`, if it is missing. EPERM: in a folder that others
 * may change it is not a file of its own (hard links), or has an owner who is neither root, `owner`
 * nor the folder's.
 */
WSL_MUST_CHECK int safe_path_open(const char *path, int flags, mode_t mode,
                                  const struct safe_path_owner *owner);

/* Makes a file for writing. EEXIST: something has that name, a link perhaps. */
WSL_MUST_CHECK int safe_path_make(const char *path, int flags, mode_t mode);

/* A path for calls that take nothing else, which leads to that name in that very folder. */
const char *safe_path_proc(const struct safe_path *found, char text[static SAFE_PATH_PROC]);

/* The words for an errno of the above. */
const char *safe_path_reason(int error);

#endif
