#include "net/connect/dial_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "net/addr.h"

int dial_socket_check(int fd)
{
    struct stat info;
    if (fstat(fd, &info) < 0)
        return errno;
    if (!S_ISSOCK(info.st_mode))
        return S_ISLNK(info.st_mode) ? ELOOP : ENOTSOCK;
    return info.st_nlink > 1 ? EMLINK : 0;
}

/* The file, without following a link at its end; -1: errno. */
static int locate(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return fd_locate(AT_FDCWD, path, O_NOFOLLOW);
    char *folder = slice_copy((struct slice){path, (size_t)(slash - path) + 1});
    if (!folder)
        return -1;
    int parent = fd_locate(AT_FDCWD, folder, O_DIRECTORY);
    free(folder);
    if (parent < 0)
        return -1;
    int file = fd_locate(parent, slash + 1, O_NOFOLLOW);
    fd_close_keep_errno(parent);
    return file;
}

static int connect_to_file(int fd, int file)
{
    char name[PROC_NAME];
    struct sockaddr_un address;
    socklen_t length;
    if (!addr_unix(&address, &length, proc_fd(name, file)))
        return ENAMETOOLONG;
    return connect(fd, (const struct sockaddr *)&address, length) == 0 ? 0 : errno;
}

int dial_socket_connect(int fd, const char *path)
{
    int file = locate(path);
    if (file < 0)
        return errno;
    int error = dial_socket_check(file);
    if (error == 0)
        error = connect_to_file(fd, file);
    close(file);
    return error;
}
