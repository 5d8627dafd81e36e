#include "run/process/system_limits.h"

#include <sys/resource.h>
#include <uv.h>

#include "run/process/cgroup_limits.h"

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
