/*
 * How many CPUs' worth of time the control groups of this process may use.
 *
 * Owns: nothing. Thread: any. Errors: what cannot be read limits nothing. Lifetime: none.
 */
#ifndef WSLUICE_RUN_PROCESS_CGROUP_LIMITS_H
#define WSLUICE_RUN_PROCESS_CGROUP_LIMITS_H

/*
 * `available`, or less: the tightest quota of the group and the groups around it, rounded up; at
 * least 1. cgroup v2 and v1. `root` stands before /proc and /sys; "" but in tests.
 */
unsigned cgroup_limits_cpus(unsigned available, const char *root);

#endif
