#include "run/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/identity.h"

#define NAME_MAX_LENGTH 16 /* of a process: TASK_COMM_LEN */

static bool fail(const char *path, const char *what, char *error, size_t error_size)
{
    snprintf(error, error_size, "pid file %s: %s", path, what);
    return false;
}

/* The first line of a file, as much as fits; errno says why not. */
static bool read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    errno = 0;
    bool got = fgets(line, size, file) != NULL;
    fclose(file);
    if (got)
        line[strcspn(line, "\n")] = '\0';
    return got;
}

/* 0: the file names none. */
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
 * A new file, because root is going to give it away: one that lies there already could be a second
 * name of something else. Without rights in its folder we can only write into the old one.
 */
static int open_anew(const char *path)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return geteuid() == 0 ? -1 : open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
}

bool pid_file_write(const char *path, const char *user, char *error, size_t error_size)
{
    uid_t uid;
    gid_t gid;
    if (user && !identity_user(user, &uid, &gid, error, error_size))
        return false;
    struct stat status;
    if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return fail(path, "it is not a regular file", error, error_size);
    int fd = open_anew(path);
    if (fd < 0)
        return fail(path, strerror(errno), error, error_size);
    char line[24];
    int length = snprintf(line, sizeof(line), "%ld\n", (long)getpid());
    bool given = !user || geteuid() != 0 || fchown(fd, uid, gid) == 0;
    bool written = given && ftruncate(fd, 0) == 0 && write(fd, line, (size_t)length) == length;
    int reason = errno;
    close(fd);
    return written || fail(path, strerror(reason), error, error_size);
}

void pid_file_remove(const char *path)
{
    if (read_pid(path) == getpid() && unlink(path) != 0)
        (void)!truncate(path, 0);
}

/* Whoever may write the file must not choose whom an administrator's signal meets. */
static bool is_ours(pid_t pid)
{
    char path[64], name[NAME_MAX_LENGTH], own[NAME_MAX_LENGTH];
    snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
    return read_line(path, name, sizeof(name)) && read_line("/proc/self/comm", own, sizeof(own)) &&
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
    if (!is_ours(*pid))
        return fail(path, "the process that it names does not run, or is no wsluice", error,
                    error_size);
    return kill(*pid, number) == 0 || fail(path, strerror(errno), error, error_size);
}
