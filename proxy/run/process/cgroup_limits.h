/*
 * The CPU time that the control groups of this process may use, in CPUs.
 *
 * Owns: nothing. Thread: any. Errors: a file that cannot be read is no limit. Lifetime: none.
 */
#ifndef WSLUICE_RUN_PROCESS_CGROUP_LIMITS_H
#define WSLUICE_RUN_PROCESS_CGROUP_LIMITS_H

/*
 * `available`, or the lowest quota of the group and its ancestors, rounded up, if that is less; at
 * least 1. cgroup v2 and v1. `root` is put before /proc and /sys; "" except in tests.
 */
unsigned cgroup_limits_cpus(unsigned available, const char *root);

#endif
