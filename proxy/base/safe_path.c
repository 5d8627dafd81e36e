#include "base/safe_path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"

#define LINKS_MAX    40 /* as the kernel's own limit */
#define ATTEMPTS_MAX 8  /* if another process keeps creating and removing the file */

#define GROUP_OR_OTHERS (S_IWGRP | S_IWOTH)

struct walk {
    int folder;
    struct stat status; /* the folder's */
    bool safe;          /* only root could have changed the path so far */
    bool follow;
    unsigned links;
    char rest[PATH_MAX]; /* of the path */
};

/* ---- one component ---- */

static bool enter(struct walk *walk, int fd, bool safe)
{
    if (walk->folder >= 0)
        close(walk->folder);
    walk->folder = fd;
    walk->safe = safe;
    return fd >= 0 && fstat(fd, &walk->status) == 0;
}

static bool begin_at(struct walk *walk, const char *folder)
{
    return enter(walk, fd_locate(AT_FDCWD, folder, O_DIRECTORY), true);
}

/* In a sticky folder, other users cannot replace an entry that root owns. */
static bool only_root_can_change(const struct walk *walk, const struct stat *entry)
{
    const struct stat *folder = &walk->status;
    return walk->safe && folder->st_uid == 0 &&
           (!(folder->st_mode & GROUP_OR_OTHERS) ||
            ((folder->st_mode & S_ISVTX) && entry->st_uid == 0));
}

static bool fail(int error)
{
    errno = error;
    return false;
}

/* Puts the link's target in front of the rest of the path. */
static bool follow_link(struct walk *walk, int link)
{
    char target[2 * PATH_MAX];
    ssize_t length = readlinkat(link, "", target, PATH_MAX);
    if (length <= 0)
        return fail(length < 0 ? errno : ENOENT);
    if (++walk->links > LINKS_MAX)
        return fail(ELOOP);
    snprintf(target + length, sizeof(target) - (size_t)length, "%s%s", walk->rest[0] ? "/" : "",
             walk->rest);
    if (strlen(target) >= sizeof(walk->rest))
        return fail(ENAMETOOLONG);
    memcpy(walk->rest, target, strlen(target) + 1);
    return walk->rest[0] != '/' || begin_at(walk, "/");
}

static bool is_of_procfs(int fd)
{
    struct statfs info;
    return fstatfs(fd, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

/* Removes the first name from the rest; false: it is too long. */
static bool next_name(struct walk *walk, char name[static NAME_MAX + 1], bool *last)
{
    const char *start = walk->rest + strspn(walk->rest, "/");
    size_t length = strcspn(start, "/");
    if (length > NAME_MAX)
        return fail(ENAMETOOLONG);
    memcpy(name, start, length);
    name[length] = '\0';
    start += length;
    *last = *start == '\0';
    memmove(walk->rest, start, strlen(start) + 1);
    return true;
}

static bool is_not_a_name(const char *name)
{
    return name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

enum step { ONWARD, ARRIVED, FAILED };

/* Owns `fd`, the entry of that name. */
static enum step take_entry(struct walk *walk, struct safe_path *found, int fd, bool last)
{
    struct stat entry;
    if (fstat(fd, &entry) != 0) {
        close(fd);
        return FAILED;
    }
    bool safe = only_root_can_change(walk, &entry), is_link = S_ISLNK(entry.st_mode);
    found->magic = last && is_link && safe && is_of_procfs(fd);
    if (last && (!is_link || !walk->follow || found->magic)) {
        close(fd);
        return ARRIVED;
    }
    if (!is_link)
        return enter(walk, fd, safe) ? ONWARD : FAILED;
    bool taken = safe ? follow_link(walk, fd) : fail(ELOOP);
    fd_close_keep_errno(fd);
    return taken ? ONWARD : FAILED;
}

static enum step step(struct walk *walk, struct safe_path *found)
{
    bool last;
    if (!next_name(walk, found->name, &last))
        return FAILED;
    if (last && is_not_a_name(found->name)) {
        errno = EISDIR;
        return FAILED;
    }
    int fd = fd_locate(walk->folder, found->name[0] ? found->name : ".", O_NOFOLLOW);
    if (fd < 0)
        return last && errno == ENOENT ? ARRIVED : FAILED;
    return take_entry(walk, found, fd, last);
}

/* ---- a path ---- */

static bool walk_as_root(struct safe_path *found, const char *path, bool follow)
{
    struct walk walk = {.folder = -1, .follow = follow};
    enum step result = ONWARD;
    memcpy(walk.rest, path, strlen(path) + 1);
    if (!begin_at(&walk, path[0] == '/' ? "/" : "."))
        result = FAILED;
    while (result == ONWARD)
        result = step(&walk, found);
    const struct stat nobody = {.st_uid = (uid_t)-1};
    found->folder = walk.folder;
    found->shared = !only_root_can_change(&walk, &nobody);
    if (result == ARRIVED)
        return true;
    safe_path_close(found);
    return false;
}

static bool split(struct safe_path *found, const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = slash ? (size_t)(slash - path) + 1 : 0;
    if (is_not_a_name(name))
        return fail(EISDIR);
    if (strlen(name) > NAME_MAX)
        return fail(ENAMETOOLONG);
    snprintf(folder, sizeof(folder), "%.*s", (int)length, path);
    memcpy(found->name, name, strlen(name) + 1);
    found->folder = fd_locate(AT_FDCWD, length > 0 ? folder : ".", O_DIRECTORY);
    return found->folder >= 0;
}

bool safe_path_find(struct safe_path *found, const char *path, bool follow)
{
    *found = (struct safe_path){.folder = -1};
    if (path[0] == '\0')
        return fail(ENOENT);
    if (strlen(path) >= PATH_MAX)
        return fail(ENAMETOOLONG);
    return geteuid() == 0 ? walk_as_root(found, path, follow) : split(found, path);
}

void safe_path_close(struct safe_path *found)
{
    fd_close_keep_errno(found->folder);
    found->folder = -1;
}

/* ---- a file ---- */

/* Refuses another user's file, be it moved here or linked under a second name. */
static bool may_write(const struct safe_path *found, int fd, const struct safe_path_owner *owner)
{
    struct stat file, folder;
    if (!found->shared)
        return true;
    if (fstat(fd, &file) != 0 || fstat(found->folder, &folder) != 0)
        return false;
    bool owned =
        file.st_uid == 0 || file.st_uid == folder.st_uid || (owner && file.st_uid == owner->user);
    return (owned && (!S_ISREG(file.st_mode) || file.st_nlink == 1)) || fail(EPERM);
}

static int close_failed(int fd)
{
    fd_close_keep_errno(fd);
    return -1;
}

static int make(const struct safe_path *found, int flags, mode_t mode,
                const struct safe_path_owner *owner)
{
    int alone = geteuid() == 0 ? O_EXCL | O_NOFOLLOW : 0;
    int fd = openat(found->folder, found->name, flags | O_CREAT | alone, mode);
    if (fd < 0 || !owner || fchown(fd, owner->user, owner->group) == 0)
        return fd;
    return close_failed(fd);
}

/* Links that root may follow are resolved already. */
static int open_old(const struct safe_path *found, int flags, const struct safe_path_owner *owner)
{
    int no_link = geteuid() == 0 && !found->magic ? O_NOFOLLOW : 0;
    int fd = openat(found->folder, found->name, flags | no_link);
    return fd < 0 || may_write(found, fd, owner) ? fd : close_failed(fd);
}

int safe_path_open(const char *path, int flags, mode_t mode, const struct safe_path_owner *owner)
{
    struct safe_path found;
    int fd = -1;
    flags |= O_CLOEXEC | O_NOCTTY;
    if (!safe_path_find(&found, path, true))
        return -1;
    for (int i = 0; i < ATTEMPTS_MAX && fd < 0; i++) {
        fd = open_old(&found, flags, owner);
        if (fd < 0 && errno == ENOENT)
            fd = make(&found, flags, mode, owner);
        if (fd < 0 && errno != EEXIST && errno != ENOENT)
            break;
    }
    safe_path_close(&found);
    return fd;
}

int safe_path_make(const char *path, int flags, mode_t mode)
{
    struct safe_path found;
    if (!safe_path_find(&found, path, false))
        return -1;
    int fd = openat(found.folder, found.name,
                    flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, mode);
    safe_path_close(&found);
    return fd;
}

const char *safe_path_explain(int error)
{
    if (geteuid() != 0 || (error != ELOOP && error != EPERM))
        return strerror(error);
    return error == ELOOP ? "a link on this path lies where another user may change it; use a path "
                            "without this link, or a folder that only root may change"
                          : "it lies where another user may change it, and it has hard links or "
                            "does not belong to root, the folder's owner or 'user'; remove it";
}
