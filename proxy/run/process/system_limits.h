/*
 * What this machine lets the process have.
 *
 * Owns: nothing. Thread: the main one, before others start. Errors: the answer is then the cautious
 * one. Lifetime: none.
 */
#ifndef WSLUICE_RUN_PROCESS_SYSTEM_LIMITS_H
#define WSLUICE_RUN_PROCESS_SYSTEM_LIMITS_H

#include "base/base.h"

/*
 * A program may be started with 0, 1 or 2 closed. A socket or a pipe would then get that number,
 * and what is meant for standard error would go to a client.
 */
void system_limits_fill_standard_descriptors(void);

/* CPUs that may be used: affinity, and the cgroup's quota rounded up; at least 1. */
unsigned system_limits_cpus(void);

/* Raises RLIMIT_NOFILE to its hard limit and says what it is. */
uint64_t system_limits_descriptors(void);

/*
 * Carries of up to 256 KiB come and go with every slow reader: glibc would map and unmap each one.
 * Keeps them in the heap, and lets the heap shrink only by larger steps.
 */
void system_limits_tune_memory(void);

/* Gives libuv's pool the threads that core/resources/work_share.h shares out; more, if the user
 * wants so. */
void system_limits_widen_thread_pool(void);
unsigned system_limits_pool_threads(void);

#endif
