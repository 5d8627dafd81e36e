/*
 * Limits that the system sets to the process: descriptors and CPUs.
 *
 * Owns: nothing. Thread: the main one, before others start. Errors: the lower limit is assumed.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_PROCESS_SYSTEM_LIMITS_H
#define WSLUICE_RUN_PROCESS_SYSTEM_LIMITS_H

#include "base/base.h"

/* CPUs that may be used: affinity, and the cgroup's quota rounded up. At least 1. */
unsigned system_limits_cpus(void);

/* Raises RLIMIT_NOFILE to its hard limit and returns it. */
uint64_t system_limits_descriptors(void);

#endif
