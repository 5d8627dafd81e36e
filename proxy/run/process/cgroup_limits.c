#include "run/process/cgroup_limits.h"

#include <limits.h>

#include "base/proc.h"

/* Microseconds of CPU time in each period; 0: no limit. */
struct quota {
    long long time, period;
};

static bool read_line(const char *root, const char *folder, const char *file, char *line,
                      size_t size)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof(path), "%s%s/%s", root, folder, file);
    FILE *stream = length < (int)sizeof(path) ? fopen(path, "re") : NULL;
    if (!stream)
        return false;
    bool have = fgets(line, (int)size, stream) != NULL;
    fclose(stream);
    return have;
}

/* v2: "max PERIOD" or "TIME PERIOD". strtoll reads "max" as 0, no limit. */
static struct quota read_v2(const char *root, const char *folder)
{
    char line[64], *end;
    if (!read_line(root, folder, "cpu.max", line, sizeof(line)))
        return (struct quota){0};
    long long time = strtoll(line, &end, 10);
    return (struct quota){time, strtoll(end, NULL, 10)};
}

/* v1: one file for the time, one for the period; a time of -1 is no limit. */
static struct quota read_v1(const char *root, const char *folder)
{
    char time[64], period[64];
    if (!read_line(root, folder, "cpu.cfs_quota_us", time, sizeof(time)) ||
        !read_line(root, folder, "cpu.cfs_period_us", period, sizeof(period)))
        return (struct quota){0};
    return (struct quota){strtoll(time, NULL, 10), strtoll(period, NULL, 10)};
}

static unsigned limit_by(unsigned cpus, struct quota quota)
{
    if (quota.time <= 0 || quota.period <= 0)
        return cpus;
    long long whole = (quota.time + quota.period - 1) / quota.period;
    return whole < cpus ? (unsigned)whole : cpus;
}

/* The lowest limit of the group and its ancestors. */
static unsigned limit_by_ancestors(unsigned cpus, const char *root, const char *mount,
                                   const char *group, struct quota read(const char *, const char *))
{
    char folder[PATH_MAX];
    size_t fixed = strlen(mount);
    int length = snprintf(folder, sizeof(folder), "%s%s", mount, group);
    if (length >= (int)sizeof(folder))
        return cpus;
    for (char *slash = folder + length; slash; slash = strrchr(folder + fixed, '/')) {
        *slash = '\0';
        cpus = limit_by(cpus, read(root, folder));
    }
    return cpus;
}

static bool lists_cpu(const char *controllers)
{
    size_t length = strcspn(controllers, ":");
    for (const char *name = controllers; name < controllers + length;) {
        size_t own = strcspn(name, ",:");
        if (own == 3 && strncmp(name, "cpu", 3) == 0)
            return true;
        name += own + 1;
    }
    return false;
}

/* A line of /proc/self/cgroup: "0::/group" is v2, "4:cpu,cpuacct:/group" is v1. */
static unsigned limit_by_line(unsigned cpus, const char *root, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group)
        return cpus;
    if (group == controllers + 1)
        return limit_by_ancestors(cpus, root, "/sys/fs/cgroup", group + 1, read_v2);
    if (!lists_cpu(controllers + 1))
        return cpus;
    return limit_by_ancestors(cpus, root, "/sys/fs/cgroup/cpu", group + 1, read_v1);
}

unsigned cgroup_limits_cpus(unsigned available, const char *root)
{
    char path[PATH_MAX], line[PATH_MAX];
    unsigned cpus = available;
    snprintf(path, sizeof(path), "%s" PROC_CGROUP, root);
    FILE *stream = fopen(path, "re");
    while (stream && fgets(line, sizeof(line), stream))
        cpus = limit_by_line(cpus, root, line);
    if (stream)
        fclose(stream);
    return cpus > 0 ? cpus : 1;
}
