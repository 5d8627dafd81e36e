#include "run/process/system_limits.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "core/resources/work_share.h"
#include "run/process/cgroup_limits.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

unsigned system_limits_cpus(void)
{
    return cgroup_limits_cpus(uv_available_parallelism(), "");
}

uint64_t system_limits_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    rlim_t soft = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : soft;
}

void system_limits_fill_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

#define POOL_SIZE "UV_THREADPOOL_SIZE"
#define POOL_MOST 1024 /* libuv's own */

void system_limits_widen_thread_pool(void)
{
    char wanted[16];
    const char *given = getenv(POOL_SIZE);
    snprintf(wanted, sizeof(wanted), "%d", WORK_THREADS);
    if (!given || strtol(given, NULL, 10) < WORK_THREADS)
        (void)setenv(POOL_SIZE, wanted, 1);
}

unsigned system_limits_pool_threads(void)
{
    const char *size = getenv(POOL_SIZE);
    long threads = size ? strtol(size, NULL, 10) : WORK_THREADS;
    return threads < 1 ? 1 : threads > POOL_MOST ? POOL_MOST : (unsigned)threads;
}

void system_limits_tune_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 2 << 20);
#endif
}
