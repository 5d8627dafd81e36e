#include "net/unix_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/safe_path.h"

static bool fail(int error)
{
    errno = error;
    return false;
}

/* The socket at the path; the descriptor still names it when the path changes. */
static int open_socket(const char *path, struct stat *status)
{
    struct safe_path found;
    if (!safe_path_find(&found, path, false))
        return -1;
    int fd = fd_locate(found.folder, found.name, O_NOFOLLOW);
    safe_path_close(&found);
    if (fd < 0 || (fstat(fd, status) == 0 && S_ISSOCK(status->st_mode)))
        return fd;
    close(fd);
    errno = EPERM;
    return -1;
}

bool unix_file_own(struct unix_file *file, const char *path, bool fresh)
{
    struct stat status;
    int fd = open_socket(path, &status);
    if (fd < 0)
        return false;
    close(fd);
    if (fresh && (status.st_uid != geteuid() || status.st_nlink != 1))
        return fail(EPERM);
    file->path = strdup(path);
    if (!file->path)
        return fail(ENOMEM);
    file->device = status.st_dev;
    file->inode = status.st_ino;
    return true;
}

/* fchmod refuses O_PATH descriptors. */
static bool change_mode(int fd, mode_t mode)
{
    char name[PROC_NAME];
    return chmod(proc_fd(name, fd), mode) == 0;
}

bool unix_file_change(const struct unix_file *file, const struct unix_file_rights *rights)
{
    struct stat status;
    int fd = open_socket(file->path, &status);
    if (fd < 0)
        return false;
    bool done = (status.st_dev == file->device && status.st_ino == file->inode) || fail(EPERM);
    /* The mode first: after chown to another user, only root may change it. */
    if (done && rights->mode != UNIX_FILE_SAME_MODE && rights->mode != (status.st_mode & 07777))
        done = change_mode(fd, rights->mode);
    if (done && (rights->user != (uid_t)-1 || rights->group != (gid_t)-1))
        done = fchownat(fd, "", rights->user, rights->group, AT_EMPTY_PATH) == 0;
    fd_close_keep_errno(fd);
    return done;
}

bool unix_file_yield(const struct unix_file *file)
{
    struct stat status;
    int fd = open_socket(file->path, &status);
    if (fd < 0)
        return false;
    bool done = (status.st_dev == file->device && status.st_ino == file->inode) || fail(EPERM);
    done = done && change_mode(fd, (status.st_mode & 07777) | S_ISVTX);
    fd_close_keep_errno(fd);
    return done;
}

bool unix_file_is_yielded(const char *path)
{
    struct stat status;
    int fd = open_socket(path, &status);
    if (fd < 0)
        return false;
    close(fd);
    return (status.st_mode & S_ISVTX) && (status.st_uid == geteuid() || geteuid() == 0);
}

/* The folder is open and unlinkat follows no link: at worst another socket in it is removed. */
static bool unlink_socket(const char *path, const struct unix_file *only)
{
    struct safe_path found;
    struct stat status;
    if (!safe_path_find(&found, path, false))
        return errno == ENOENT;
    bool there = fstatat(found.folder, found.name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    bool done = there || errno == ENOENT;
    if (there && !S_ISSOCK(status.st_mode))
        done = fail(EPERM);
    else if (there && (!only || (status.st_dev == only->device && status.st_ino == only->inode)))
        done = unlinkat(found.folder, found.name, 0) == 0;
    safe_path_close(&found);
    return done;
}

bool unix_file_unlink(const char *path)
{
    return unlink_socket(path, NULL);
}

/* The open socket holds its inode, so no other file can get that number meanwhile. */
void unix_file_remove(const struct unix_file *file)
{
    if (file->path)
        (void)unlink_socket(file->path, file);
}

void unix_file_forget(struct unix_file *file)
{
    free(file->path);
    file->path = NULL;
}
