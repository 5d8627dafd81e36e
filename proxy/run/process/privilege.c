#include "run/process/privilege.h"

#include <errno.h>
#include <grp.h>
#include <unistd.h>

#include "base/identity.h"
#include "run/process/process_control.h"

static bool fail(const char *what, char *error, size_t error_size)
{
    snprintf(error, error_size, "cannot %s: %s; start as root, or leave user and group out", what,
             strerror(errno));
    return false;
}

bool privilege_drop(const char *user, const char *group, char *error, size_t error_size)
{
    uid_t uid = getuid();
    gid_t gid = getgid();
    if (user && !identity_user(user, &uid, &gid, error, error_size))
        return false;
    if (group && !identity_group(group, &gid, error, error_size))
        return false;
    /* Groups first: after setresuid the process may not change them. */
    if (user && getuid() == 0 && initgroups(user, gid) != 0 && setgroups(1, &gid) != 0)
        return fail("take the user's groups", error, error_size);
    if ((user || group) && setresgid(gid, gid, gid) != 0)
        return fail("become the group", error, error_size);
    if (user && setresuid(uid, uid, uid) != 0)
        return fail("become the user", error, error_size);
    if (user && uid != 0 && setuid(0) == 0) {
        snprintf(error, error_size, "root privileges could be regained after they were dropped");
        return false;
    }
    if (!process_control_keep_privileges_off())
        return fail("give up new rights", error, error_size);
    return true;
}

bool privilege_borrow(struct privilege_own *own, const char *user, const char *group, char *error,
                      size_t error_size)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    *own = (struct privilege_own){.group = gid};
    if (uid != 0 || (!user && !group))
        return true;
    if ((user && !identity_user(user, &uid, &gid, error, error_size)) ||
        (group && !identity_group(group, &gid, error, error_size)))
        return false;
    own->group_count = getgroups(PRIVILEGE_GROUPS, own->groups);
    own->borrowed = own->group_count >= 0;
    if (!own->borrowed)
        return fail("read its own groups", error, error_size);
    bool taken = (!user || initgroups(user, gid) == 0 || setgroups(1, &gid) == 0) &&
                 setegid(gid) == 0 && seteuid(uid) == 0;
    if (taken)
        return true;
    (void)fail("act as the user", error, error_size);
    privilege_return(own);
    return false;
}

void privilege_return(struct privilege_own *own)
{
    if (own->borrowed)
        (void)!(seteuid(0) == 0 && setegid(own->group) == 0 &&
                setgroups((size_t)own->group_count, own->groups) == 0);
    own->borrowed = false;
}
