#include "run/process/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/identity.h"
#include "base/proc.h"
#include "base/safe_path.h"

#define NAME_MAX_LENGTH 16 /* of a process: TASK_COMM_LEN */

static bool fail(const char *path, const char *what, char *error, size_t error_size)
{
    snprintf(error, error_size, "pid file %s: %s", path, what);
    return false;
}

/*
 * Reads the first line of a file, as much as fits. False: see errno. O_NONBLOCK: users who may
 * write to the folder could put a FIFO there, and opening that would wait for a writer.
 */
static bool read_line(const char *path, char *line, int size)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!file) {
        fd_close_keep_errno(fd);
        return false;
    }
    errno = 0;
    bool got = fgets(line, size, file) != NULL;
    fclose(file);
    if (got)
        line[strcspn(line, "\n")] = '\0';
    return got;
}

/* 0: the file has no pid; see errno. */
static pid_t read_pid(const char *path)
{
    char line[24], *end;
    if (!read_line(path, line, sizeof(line)))
        return 0;
    errno = 0;
    long pid = strtol(line, &end, 10);
    if (end == line || *end != '\0' || pid <= 0 || (pid_t)pid != pid) {
        errno = EINVAL;
        return 0;
    }
    return (pid_t)pid;
}

/*
 * Creates a new file: root changes its owner, and an existing file could be a hard link to another
 * one. Without write permission in the folder, an unprivileged process writes into the old file.
 */
static int replace(const struct safe_path *found)
{
    struct stat status;
    if (fstatat(found->folder, found->name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISREG(status.st_mode)) {
        errno = EEXIST;
        return -1;
    }
    if (unlinkat(found->folder, found->name, 0) == 0 || errno == ENOENT)
        return openat(found->folder, found->name,
                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    return geteuid() == 0
               ? -1
               : openat(found->folder, found->name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

static int open_for_writing(const char *path)
{
    struct safe_path found;
    if (!safe_path_find(&found, path, false))
        return -1;
    int fd = replace(&found);
    safe_path_close(&found);
    return fd;
}

bool pid_file_write(const char *path, const char *user, char *error, size_t error_size)
{
    uid_t uid;
    gid_t gid;
    if (user && !identity_user(user, &uid, &gid, error, error_size))
        return false;
    int fd = open_for_writing(path);
    if (fd < 0)
        return fail(path, errno == EEXIST ? "it is not a regular file" : safe_path_explain(errno),
                    error, error_size);
    char line[24];
    int length = snprintf(line, sizeof(line), "%ld\n", (long)getpid());
    bool given = !user || geteuid() != 0 || fchown(fd, uid, gid) == 0;
    bool written = given && ftruncate(fd, 0) == 0 && write(fd, line, (size_t)length) == length;
    int reason = errno;
    close(fd);
    return written || fail(path, strerror(reason), error, error_size);
}

/* Without write permission in the folder, the file is emptied. */
void pid_file_remove(const char *path)
{
    struct safe_path found;
    if (read_pid(path) != getpid() || !safe_path_find(&found, path, false))
        return;
    if (unlinkat(found.folder, found.name, 0) != 0) {
        int fd = openat(found.folder, found.name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0) {
            (void)!ftruncate(fd, 0);
            close(fd);
        }
    }
    safe_path_close(&found);
}

/* A user who may write the file must not choose which process an administrator signals. */
static bool is_wsluice(pid_t pid)
{
    char path[PROC_NAME], name[NAME_MAX_LENGTH], own[NAME_MAX_LENGTH];
    return read_line(proc_process(path, (unsigned long)pid, "comm"), name, sizeof(name)) &&
           read_line(proc_process(path, (unsigned long)getpid(), "comm"), own, sizeof(own)) &&
           strcmp(name, own) == 0;
}

bool pid_file_signal(const char *path, int number, pid_t *pid, char *error, size_t error_size)
{
    *pid = read_pid(path);
    if (*pid == 0)
        return fail(path,
                    errno == ENOENT ? "there is none; is wsluice running?"
                    : errno         ? strerror(errno)
                                    : "it is empty",
                    error, error_size);
    if (!is_wsluice(*pid))
        return fail(path, "the process that it names does not run, or is no wsluice", error,
                    error_size);
    return kill(*pid, number) == 0 || fail(path, strerror(errno), error, error_size);
}
