#include "run/process/privilege.h"

#include <errno.h>
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/identity.h"

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
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail("give up new rights", error, error_size);
    return true;
}
