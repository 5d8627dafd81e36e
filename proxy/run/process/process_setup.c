#include "run/process/process_setup.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/resources/work_share.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

unsigned process_setup_fill_standard_descriptors(void)
{
    unsigned closed = 0;
    int fd;
    while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
        closed |= 1U << fd;
    if (fd >= 0)
        close(fd);
    return closed;
}

#define POOL_SIZE "UV_THREADPOOL_SIZE"
#define POOL_MOST 1024 /* libuv's own */

void process_setup_widen_thread_pool(void)
{
    char wanted[16];
    const char *given = getenv(POOL_SIZE);
    snprintf(wanted, sizeof(wanted), "%d", WORK_THREADS);
    if (!given || strtol(given, NULL, 10) < WORK_THREADS)
        (void)setenv(POOL_SIZE, wanted, 1);
}

void process_setup_leave_io_uring(void)
{
    (void)setenv("UV_USE_IO_URING", "0", 1);
}

void process_setup_trim_memory(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

unsigned process_setup_pool_threads(void)
{
    const char *size = getenv(POOL_SIZE);
    long threads = size ? strtol(size, NULL, 10) : WORK_THREADS;
    return threads < 1 ? 1 : threads > POOL_MOST ? POOL_MOST : (unsigned)threads;
}

void process_setup_tune_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 2 << 20);
#endif
}
