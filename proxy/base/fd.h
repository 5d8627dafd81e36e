/*
 * Descriptors: on the way out of a function that has failed, and of files that are only named.
 *
 * Owns: nothing. Thread: any; signal-safe. Errors: errno. Lifetime: none.
 */
#ifndef WSLUICE_BASE_FD_H
#define WSLUICE_BASE_FD_H

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Leaves errno as it is, so that the reason of the failure is not lost; -1: nothing is closed. */
static inline void fd_close_keep_errno(int fd)
{
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
}

/*
 * Names a file without opening it: it needs no permission to read, has no effect on a device or a
 * FIFO, and stays that file when its path changes. `more`: O_DIRECTORY, O_NOFOLLOW.
 */
static inline int fd_locate(int folder, const char *name, int more)
{
    return openat(folder, name, O_PATH | O_CLOEXEC | more);
}

/*
 * close_range(2), which not every libc has. Best effort: kernels before 5.9 cannot do it, nor
 * FD_ON_EXEC before 5.11.
 */
#define FD_NOW     0U
#define FD_ON_EXEC 4U
static inline void fd_close_range(unsigned first, unsigned last, unsigned when)
{
    (void)syscall(SYS_close_range, first, last, when);
}

#endif
