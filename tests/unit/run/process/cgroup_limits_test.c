#include "run/process/cgroup_limits.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/wsluice-quota-XXXXXX";

static void put(const char *path, const char *text)
{
    char whole[512];
    snprintf(whole, sizeof(whole), "%s%s", root, path);
    for (char *slash = strchr(whole + sizeof(root), '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int set_up(void **unused)
{
    memcpy(root, "/tmp/wsluice-quota-XXXXXX", sizeof(root));
    return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    return remove(path);
}

static int tear_down(void **unused)
{
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void test_without_cgroups(void **unused)
{
    assert_int_equal(cgroup_limits_cpus(8, root), 8);
    assert_int_equal(cgroup_limits_cpus(0, root), 1);
}

static void test_v2(void **unused)
{
    put("/proc/self/cgroup", "0::/system.slice/wsluice.service\n");
    put("/sys/fs/cgroup/system.slice/wsluice.service/cpu.max", "max 100000\n");
    assert_int_equal(cgroup_limits_cpus(8, root), 8);
    put("/sys/fs/cgroup/system.slice/wsluice.service/cpu.max", "150000 100000\n");
    assert_int_equal(cgroup_limits_cpus(8, root), 2);
    assert_int_equal(cgroup_limits_cpus(1, root), 1);
    put("/sys/fs/cgroup/system.slice/cpu.max", "50000 100000\n");
    assert_int_equal(cgroup_limits_cpus(8, root), 1);
}

static void test_v2_in_a_container(void **unused)
{
    put("/proc/self/cgroup", "0::/\n");
    put("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    assert_int_equal(cgroup_limits_cpus(8, root), 3);
}

static void test_v1(void **unused)
{
    put("/proc/self/cgroup", "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n1:cpuset:/\n");
    put("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us", "100000\n");
    assert_int_equal(cgroup_limits_cpus(8, root), 8);
    put("/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us", "400000\n");
    assert_int_equal(cgroup_limits_cpus(8, root), 4);
}

static void test_malformed_files_are_no_limit(void **unused)
{
    put("/proc/self/cgroup", "0\nrubbish\n0::/a\n");
    put("/sys/fs/cgroup/a/cpu.max", "12 0\n");
    assert_int_equal(cgroup_limits_cpus(8, root), 8);
    put("/sys/fs/cgroup/a/cpu.max", "");
    assert_int_equal(cgroup_limits_cpus(8, root), 8);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_without_cgroups),
        TEST(test_v2),
        TEST(test_v2_in_a_container),
        TEST(test_v1),
        TEST(test_malformed_files_are_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
