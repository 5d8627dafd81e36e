/*
 * Descriptors on the way out of a function that has failed.
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_BASE_FD_H
#define WSLUICE_BASE_FD_H

#include <errno.h>
#include <unistd.h>

/* Leaves errno as it is, so that the reason of the failure is not lost; -1: nothing is closed. */
static inline void fd_close_keep_errno(int fd)
{
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
}

#endif
