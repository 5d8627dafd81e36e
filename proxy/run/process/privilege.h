/*
 * Drops privileges, once everything that needs them is open; or acts as another user for a while.
 *
 * Owns: nothing. Thread: the main one, before others start. Errors: false and one line; the
 * process must then end. Lifetime: for good (privilege_drop).
 */
#ifndef WSLUICE_RUN_PROCESS_PRIVILEGE_H
#define WSLUICE_RUN_PROCESS_PRIVILEGE_H

#include <sys/types.h>

#include "base/base.h"

/*
 * Becomes the user and the group; NULL: keeps them. A user without a group also sets the user's
 * primary and supplementary groups. Programs executed later cannot regain privileges
 * (no_new_privs), also if both are NULL.
 */
WSL_MUST_CHECK bool privilege_drop(const char *user, const char *group, char *error,
                                   size_t error_size);

/*
 * Acts as the user and the group for a while, if this process is root; else nothing changes. For
 * commands with a single thread. False: nothing has changed.
 */
#define PRIVILEGE_GROUPS 64

struct privilege_own {
    bool borrowed;
    gid_t group, groups[PRIVILEGE_GROUPS];
    int group_count;
};

WSL_MUST_CHECK bool privilege_borrow(struct privilege_own *own, const char *user, const char *group,
                                     char *error, size_t error_size);
void privilege_return(struct privilege_own *own);

#endif
