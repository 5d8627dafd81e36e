/*
 * For LD_PRELOAD: makes the n-th call of one function fail. A shared page says which, so that one
 * process can be tested with many faults. tests/e2e/test_faults.py builds and drives it.
 *
 *      WSLUICE_FAULTS names the page's file:  int32 function   which one of FAULTS, from 0
 *                                             int32 countdown  1: the next call fails; 0: none
 *
 * Owns: the mapping. Thread: any. Errors: none; without the variable nothing fails.
 * Lifetime: the process.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum fault {
    FAIL_ALLOC,
    FAIL_RECV,
    FAIL_SEND,
    FAIL_ACCEPT,
    FAIL_EPOLL_ADD,
    FAIL_SOCKET,
    FAIL_CONNECT
};

struct page {
    _Atomic int32_t function, countdown;
};

static struct page *page;

/* Internal names of the allocator: dlsym itself allocates. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

__attribute__((constructor)) static void open_page(void)
{
    const char *path = getenv("WSLUICE_FAULTS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *memory = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory != MAP_FAILED)
        page = memory;
}

static bool fails(enum fault fault, int error)
{
    if (!page || page->function != (int32_t)fault || page->countdown <= 0 ||
        atomic_fetch_sub(&page->countdown, 1) != 1)
        return false;
    errno = error;
    return true;
}

void *malloc(size_t size)
{
    return fails(FAIL_ALLOC, ENOMEM) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(FAIL_ALLOC, ENOMEM) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return fails(FAIL_ALLOC, ENOMEM) ? NULL : __libc_realloc(memory, size);
}

#define REAL(function)                                                                             \
    static __typeof__(function) *real;                                                             \
    if (!real)                                                                                     \
    *(void **)&real = dlsym(RTLD_NEXT, #function)

ssize_t recv(int fd, void *buffer, size_t length, int flags)
{
    REAL(recv);
    return fails(FAIL_RECV, ECONNRESET) ? -1 : real(fd, buffer, length, flags);
}

ssize_t send(int fd, const void *buffer, size_t length, int flags)
{
    REAL(send);
    return fails(FAIL_SEND, ECONNRESET) ? -1 : real(fd, buffer, length, flags);
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    REAL(accept4);
    return fails(FAIL_ACCEPT, EMFILE) ? -1 : real(fd, address, length, flags);
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    REAL(epoll_ctl);
    bool failed = operation == EPOLL_CTL_ADD && fails(FAIL_EPOLL_ADD, ENOMEM);
    return failed ? -1 : real(epoll, operation, fd, event);
}

int socket(int domain, int type, int protocol)
{
    REAL(socket);
    return fails(FAIL_SOCKET, EMFILE) ? -1 : real(domain, type, protocol);
}

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    REAL(connect);
    return fails(FAIL_CONNECT, ECONNREFUSED) ? -1 : real(fd, address, length);
}
