/*
 * Limits that the system sets to the process: descriptors, CPUs, threads, memory.
 *
 * Owns: nothing. Thread: the main one, before others start. Errors: the lower
 * limit is assumed. Lifetime: none.
 */
#ifndef WSLUICE_RUN_PROCESS_SYSTEM_LIMITS_H
#define WSLUICE_RUN_PROCESS_SYSTEM_LIMITS_H

#include "base/base.h"

/*
 * Opens /dev/null as 0, 1 and 2 where they are closed. Otherwise a socket could get such a number,
 * and messages for standard error would go to a client.
 */
void system_limits_fill_standard_descriptors(void);

/* CPUs that may be used: affinity, and the cgroup's quota rounded up. At least 1. */
unsigned system_limits_cpus(void);

/* Raises RLIMIT_NOFILE to its hard limit and returns it. */
uint64_t system_limits_descriptors(void);

/*
 * Slow readers allocate and free carries of up to 256 KiB, each of which glibc would map and unmap.
 * Keeps them in the heap, and lets the heap shrink only by larger steps.
 */
void system_limits_tune_memory(void);

/*
 * Gives libuv's pool the threads that core/resources/work_share.h divides, or more if the user set
 * UV_THREADPOOL_SIZE.
 */
void system_limits_widen_thread_pool(void);
unsigned system_limits_pool_threads(void);

#endif
