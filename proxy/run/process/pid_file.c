#include "run/process/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/identity.h"
#include "base/safe_path.h"

static bool fail(const char *path, const char *what, char *error, size_t error_size)
{
    snprintf(error, error_size, "pid file %s: %s", path, what);
    return false;
}

/*
 * O_NONBLOCK: users who may write to the folder could put a FIFO there, and opening that would wait
 * for a writer.
 */
static int open_for_reading(const char *path)
{
    return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* NULL, and *pid is set; else why there is no process ID in the file. */
static const char *read_pid(int fd, pid_t *pid)
{
    char line[32], *end;
    ssize_t length = read(fd, line, sizeof(line) - 1);
    if (length < 0)
        return strerror(errno);
    if (length == 0)
        return "it is empty: the process has ended, or has not begun to serve";
    line[length] = '\0';
    line[strcspn(line, "\n")] = '\0';
    /* With strtol, a number that is too large would become the highest pid_t on 32 bits. */
    long long number = strtoll(line, &end, 10);
    *pid = (pid_t)number;
    bool valid = line[0] >= '0' && line[0] <= '9' && *end == '\0' && number > 0 && *pid == number;
    return valid ? NULL : "it does not contain a process ID";
}

/* Two processes that write the file lock different bytes. */
static struct flock lock_of(pid_t pid, short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = pid, .l_len = 1};
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

/* Without the lock no reload finds the process; the file is of use to others still. */
static int lock_byte(int fd)
{
    struct flock lock = lock_of(getpid(), F_WRLCK);
    (void)fcntl(fd, F_SETLK, &lock);
    return fd;
}

bool pid_file_write(const char *path, const char *user, int *lock, char *error, size_t error_size)
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
    if (given && ftruncate(fd, 0) == 0 && write(fd, line, (size_t)length) == length) {
        *lock = lock_byte(fd);
        return true;
    }
    (void)fail(path, strerror(errno), error, error_size);
    close(fd);
    return false;
}

static bool names_this_process(const char *path)
{
    pid_t pid = 0;
    int fd = open_for_reading(path);
    bool own = fd >= 0 && !read_pid(fd, &pid) && pid == getpid();
    if (fd >= 0)
        close(fd);
    return own;
}

/* Without write permission in the folder, the file is emptied. */
static void remove_file(const char *path)
{
    struct safe_path found;
    if (!safe_path_find(&found, path, false))
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

void pid_file_remove(const char *path, int *lock)
{
    if (names_this_process(path))
        remove_file(path);
    if (*lock >= 0)
        close(*lock);
    *lock = -1;
}

/* NULL, and *holder is the process that holds the lock; else why there is none. */
static const char *find_holder(int fd, pid_t *holder)
{
    pid_t named = 0;
    const char *problem = read_pid(fd, &named);
    /* Asks for a lock that only a writer's lock is in the way of: others may read the file. */
    struct flock lock = lock_of(problem ? 0 : named, F_RDLCK);
    if (problem)
        return problem;
    if (fcntl(fd, F_GETLK, &lock) != 0)
        return strerror(errno);
    if (lock.l_type == F_UNLCK)
        return "no wsluice holds it: it has ended, or is older than 0.2 (send it SIGHUP yourself)";
    if (lock.l_pid <= 0)
        return "its process is in another PID namespace: run this command where it runs";
    *holder = lock.l_pid;
    return NULL;
}

bool pid_file_signal(const char *path, int number, pid_t *pid, char *error, size_t error_size)
{
    int fd = open_for_reading(path);
    if (fd < 0)
        return fail(path, errno == ENOENT ? "there is none; is wsluice running?" : strerror(errno),
                    error, error_size);
    const char *problem = find_holder(fd, pid);
    if (!problem && kill(*pid, number) != 0)
        problem = strerror(errno);
    close(fd);
    return !problem || fail(path, problem, error, error_size);
}
