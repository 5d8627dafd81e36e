#include "run/machine.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* cgroup v2 says "QUOTA PERIOD" or "max PERIOD" in microseconds; v1 has a file for each. */
static bool read_quota(double *cpus)
{
    double quota = 0, period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (file) {
        bool limited = fscanf(file, "%lf %lf", &quota, &period) == 2;
        fclose(file);
        *cpus = limited && period > 0 ? quota / period : 0;
        return *cpus > 0;
    }
    file = fopen("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "re");
    if (!file)
        return false;
    bool have = fscanf(file, "%lf", &quota) == 1;
    fclose(file);
    file = fopen("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "re");
    have = file && fscanf(file, "%lf", &period) == 1 && have;
    if (file)
        fclose(file);
    *cpus = have && period > 0 ? quota / period : 0;
    return *cpus > 0;
}

unsigned machine_cpus(void)
{
    unsigned cpus = uv_available_parallelism();
    double quota;
    if (read_quota(&quota) && quota < cpus) {
        unsigned whole = (unsigned)quota;
        cpus = whole < quota ? whole + 1 : whole;
    }
    return cpus > 0 ? cpus : 1;
}

uint64_t machine_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    rlim_t soft = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : soft;
}

void machine_fill_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

void machine_widen_thread_pool(void)
{
    (void)setenv("UV_THREADPOOL_SIZE", "16", 0);
}

void machine_tune_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 2 << 20);
#endif
}
