#include "run/passwd/users_write.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text/secret.h"

#define SIZE_MAX_BYTES (16 << 20)
#define ATTEMPTS_MAX   8 /* if other processes keep replacing the file, or names are taken */
#define ACCESS_LIST    "system.posix_acl_access"

static bool explain(const struct users_write *file, const char *what, char *error,
                    size_t error_size)
{
    snprintf(error, error_size, "%s: %s", file->path, what);
    return false;
}

static bool fail(const struct users_write *file, char *error, size_t error_size)
{
    return explain(file, safe_path_explain(errno), error, error_size);
}

/* ---- the place ---- */

/* Without root's rights, the last name may be another user's link: in /tmp, for one. */
static bool find_without_root(struct users_write *file)
{
    struct stat link;
    if (!safe_path_find(&file->place, file->path, true))
        return false;
    if (fstatat(file->place.folder, file->place.name, &link, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISLNK(link.st_mode))
        return true;
    safe_path_close(&file->place);
    if (link.st_uid != geteuid() && link.st_uid != 0) {
        errno = ELOOP;
        return false;
    }
    char *real = realpath(file->path, NULL);
    bool found = real && safe_path_find(&file->place, real, true);
    free(real);
    return found;
}

static bool find(struct users_write *file)
{
    return geteuid() == 0 ? safe_path_find(&file->place, file->path, true)
                          : find_without_root(file);
}

/* ---- reading ---- */

/* O_NONBLOCK: opening a FIFO would wait for its writer. */
static int open_old(const struct users_write *file)
{
    return openat(file->place.folder, file->place.name,
                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static bool is_still_there(const struct users_write *file)
{
    struct stat now;
    return fstatat(file->place.folder, file->place.name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
           now.st_dev == file->status.st_dev && now.st_ino == file->status.st_ino;
}

/* False, with errno; ESTALE: another command has replaced the file meanwhile. */
static bool open_locked(struct users_write *file)
{
    file->fd = open_old(file);
    if (file->fd < 0)
        return errno == ENOENT;
    if (fstat(file->fd, &file->status) != 0 || flock(file->fd, LOCK_EX) != 0)
        return false;
    if (is_still_there(file))
        return true;
    close(file->fd);
    file->fd = -1;
    errno = ESTALE;
    return false;
}

/* NULL, or why this file must not be replaced. */
static const char *check_old(const struct users_write *file)
{
    struct stat folder;
    if (!S_ISREG(file->status.st_mode))
        return "not a regular file";
    if (file->status.st_size > SIZE_MAX_BYTES)
        return "too large for a users file";
    if (geteuid() != 0)
        return file->status.st_uid == geteuid()
                   ? NULL
                   : "it belongs to another user: run this command as that user, or as root";
    if (!file->place.shared)
        return NULL;
    if (fstat(file->place.folder, &folder) != 0)
        return strerror(errno);
    bool owned = file->status.st_uid == 0 || file->status.st_uid == folder.st_uid;
    return owned && file->status.st_nlink == 1 ? NULL : safe_path_explain(EPERM);
}

static bool read_old(struct users_write *file)
{
    size_t size = (size_t)file->status.st_size;
    file->text = malloc(size + 1);
    while (file->text && file->length < size) {
        ssize_t n = read(file->fd, file->text + file->length, size - file->length);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return false;
        file->length += n > 0 ? (size_t)n : 0;
    }
    return file->text != NULL;
}

bool users_write_open(struct users_write *file, const char *path, char *error, size_t error_size)
{
    *file = (struct users_write){.path = path, .place = {.folder = -1}, .fd = -1};
    if (!find(file))
        return fail(file, error, error_size);
    bool opened = false;
    for (int i = 0; i < ATTEMPTS_MAX && !opened; i++) {
        opened = open_locked(file);
        if (!opened && errno != ESTALE)
            break;
    }
    if (!opened)
        return fail(file, error, error_size);
    const char *wrong = file->fd < 0 ? NULL : check_old(file);
    if (wrong)
        return explain(file, wrong, error, error_size);
    return file->fd < 0 || read_old(file) || fail(file, error, error_size);
}

void users_write_close(struct users_write *file)
{
    secret_free(file->text, file->length);
    fd_close_keep_errno(file->fd);
    safe_path_close(&file->place);
    *file = (struct users_write){.place = {.folder = -1}, .fd = -1};
}

/* ---- writing ---- */

static int make(const struct users_write *file, char name[static 64])
{
    int fd = -1;
    for (int i = 0; i < ATTEMPTS_MAX && fd < 0; i++) {
        snprintf(name, 64, ".wsluice-passwd-%ld-%d", (long)getpid(), i);
        fd = openat(file->place.folder, name,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

/* A file system without access lists has none to keep. */
static bool keep_access_list(int from, int to)
{
    char list[4096];
    ssize_t length = fgetxattr(from, ACCESS_LIST, list, sizeof(list));
    if (length < 0)
        return errno == ENODATA || errno == ENOTSUP;
    return fsetxattr(to, ACCESS_LIST, list, (size_t)length, 0) == 0;
}

static bool keep_rights(const struct users_write *file, int fd)
{
    struct stat fresh;
    const struct stat *old = &file->status;
    if (file->fd < 0)
        return true;
    if (fstat(fd, &fresh) != 0)
        return false;
    bool same = fresh.st_uid == old->st_uid && fresh.st_gid == old->st_gid;
    return (same || fchown(fd, old->st_uid, old->st_gid) == 0) &&
           fchmod(fd, old->st_mode & 07777) == 0 && keep_access_list(file->fd, fd);
}

static bool write_all(int fd, struct slice text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);
        if (n < 0 && errno != EINTR)
            return false;
        text = slice_from(text, n > 0 ? (size_t)n : 0);
    }
    return fsync(fd) == 0;
}

/* A new file takes its name only if the name is free still. */
static bool put_in_place(const struct users_write *file, const char *name)
{
    int folder = file->place.folder;
    if (file->fd >= 0)
        return renameat(folder, name, folder, file->place.name) == 0;
    return linkat(folder, name, folder, file->place.name, 0) == 0 && unlinkat(folder, name, 0) == 0;
}

/* So that the new name survives a power cut; not every file system can. */
static void sync_folder(const struct users_write *file)
{
    int fd = openat(file->place.folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

bool users_write_replace(struct users_write *file, struct slice text, char *error,
                         size_t error_size)
{
    char name[64];
    int fd = make(file, name);
    if (fd < 0)
        return fail(file, error, error_size);
    bool written = keep_rights(file, fd) && write_all(fd, text) && put_in_place(file, name);
    if (!written) {
        (void)fail(file, error, error_size);
        (void)unlinkat(file->place.folder, name, 0);
    }
    close(fd);
    if (written)
        sync_folder(file);
    return written;
}
