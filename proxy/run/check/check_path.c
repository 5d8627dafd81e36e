#include "run/check/check_path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/identity.h"
#include "base/safe_path.h"

#define USER_MAX 128

const char *check_path_user(const struct check *check, char *text, size_t size)
{
    char own[NAME_MAX] = "";
    if (!check->user)
        identity_name(geteuid(), own, sizeof(own));
    const char *name = check->user ? check->user : own;
    snprintf(text, size, "user %s%s(uid %u)", name, name[0] ? " " : "", (unsigned)geteuid());
    return text;
}

/* ---- permissions ---- */

static bool may(int folder, const char *path, int mode)
{
    return faccessat(folder, path, mode, AT_EACCESS) == 0;
}

/* The first folder of the path that may not be entered; false: all may be. */
static bool find_closed(const char *path, char folder[PATH_MAX])
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t length = (size_t)(slash - path);
        if (length == 0 || length >= PATH_MAX)
            continue;
        memcpy(folder, path, length);
        folder[length] = '\0';
        if (!may(AT_FDCWD, folder, X_OK) && errno == EACCES)
            return true;
    }
    return false;
}

static void report_denied(const struct check *check, struct option_ref option, const char *what,
                          const char *path, const char *deed)
{
    char user[USER_MAX], folder[PATH_MAX];
    const char *remedy = check->user || geteuid() == 0
                             ? "give it access"
                             : "give it access, or check as the user that starts wsluice";
    check_path_user(check, user, sizeof(user));
    if (find_closed(path, folder))
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, remedy,
                          "%s '%s': %s may not enter the folder '%s'", what, path, user, folder);
    else
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, remedy,
                          "%s '%s': %s may not %s", what, path, user, deed);
}

/* `problem`: of any other error than EACCES. */
static bool report_errno(const struct check *check, struct option_ref option, const char *what,
                         const char *path, int error, const char *problem, const char *deed)
{
    if (error == EACCES)
        report_denied(check, option, what, path, deed);
    else
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, NULL, "%s '%s': %s", what,
                          path, problem);
    return false;
}

/* ---- files that are read ---- */

bool check_path_is_readable(const char *path)
{
    return may(AT_FDCWD, path, R_OK);
}

/* False: it has another type, and there is a finding. */
static bool has_type(const struct check *check, struct option_ref option, const char *what,
                     const char *path, mode_t mode, enum check_kind kind)
{
    const char *wanted = kind == CHECK_FOLDER ? "it is not a folder" : "it is a folder";
    bool wrong = S_ISDIR(mode) ? kind == CHECK_FILE : kind == CHECK_FOLDER;
    if (wrong)
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, NULL, "%s '%s': %s", what,
                          path, wanted);
    else if (!S_ISDIR(mode) && !S_ISREG(mode))
        option_ref_report(check->names, check->diag, DIAG_WARNING, option, NULL,
                          "%s '%s': it is not a regular file, so the check does not read it", what,
                          path);
    return !wrong && (S_ISDIR(mode) || S_ISREG(mode));
}

bool check_path_reads(const struct check *check, struct option_ref option, const char *what,
                      const char *path, enum check_kind kind)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return report_errno(check, option, what, path, errno, strerror(errno), "read it");
    if (!has_type(check, option, what, path, info.st_mode, kind))
        return false;
    return may(AT_FDCWD, path, S_ISDIR(info.st_mode) ? R_OK | X_OK : R_OK) ||
           report_errno(check, option, what, path, errno, strerror(errno), "read it");
}

/* ---- files that are made ---- */

/* NULL: what lies at the name does not matter. */
static const char *find_obstacle(const struct safe_path *found, const struct stat *old,
                                 enum check_making making)
{
    switch (making) {
    case CHECK_REPLACES:
        return S_ISREG(old->st_mode) ? NULL : "something that is not a regular file is there";
    case CHECK_SOCKET:
        return S_ISSOCK(old->st_mode) ? NULL : "something that is not a socket is there; remove it";
    case CHECK_APPENDS:
        if (S_ISDIR(old->st_mode))
            return "it is a folder";
        return found->shared && S_ISREG(old->st_mode) && old->st_nlink > 1
                   ? safe_path_explain(EPERM)
                   : NULL;
    default:
        return NULL;
    }
}

/* An old file that may be written will do, except for a socket, which is made anew. */
static bool can_make(const struct safe_path *found, bool old, enum check_making making)
{
    if (old && making == CHECK_APPENDS)
        return may(found->folder, found->name, W_OK);
    if (may(found->folder, ".", W_OK | X_OK))
        return true;
    int error = errno;
    bool writes =
        old && making == CHECK_REPLACES && geteuid() != 0 && may(found->folder, found->name, W_OK);
    errno = error;
    return writes;
}

/* Service managers make folders below /run when they start a service. */
static void report_no_folder(const struct check *check, struct option_ref option, const char *what,
                             const char *path)
{
    bool at_start = strncmp(path, "/run/", 5) == 0 || strncmp(path, "/var/run/", 9) == 0;
    option_ref_report(check->names, check->diag, at_start ? DIAG_WARNING : DIAG_ERROR, option,
                      at_start ? "let the service make it, as RuntimeDirectory= does in systemd"
                               : "create it",
                      "%s '%s': its folder does not exist", what, path);
}

void check_path_makes(const struct check *check, struct option_ref option, const char *what,
                      const char *path, enum check_making making)
{
    struct safe_path found;
    struct stat info;
    if (!safe_path_find(&found, path, making == CHECK_APPENDS)) {
        bool missing = errno == ENOENT || errno == ENOTDIR;
        if (missing)
            report_no_folder(check, option, what, path);
        else
            report_errno(check, option, what, path, errno, safe_path_explain(errno), "look there");
        return;
    }
    bool old = fstatat(found.folder, found.name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    const char *obstacle = old ? find_obstacle(&found, &info, making) : NULL;
    if (obstacle)
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, NULL, "%s '%s': %s", what,
                          path, obstacle);
    else if (!can_make(&found, old, making))
        report_errno(check, option, what, path, errno, safe_path_explain(errno),
                     old ? "write it" : "create it");
    safe_path_close(&found);
}
