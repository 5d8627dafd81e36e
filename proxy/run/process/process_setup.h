/*
 * Sets up the process before its threads start: standard descriptors, libuv's pool, the heap.
 *
 * Owns: nothing. Thread: the main one, before others start. Errors: none: what cannot be set up
 * stays as it is. Lifetime: none.
 */
#ifndef WSLUICE_RUN_PROCESS_PROCESS_SETUP_H
#define WSLUICE_RUN_PROCESS_PROCESS_SETUP_H

#include "base/base.h"

/*
 * Opens /dev/null as 0, 1 and 2 where they are closed. Otherwise a socket could get such a number,
 * and messages for standard error would go to a client. Returns bit N for each N that was closed.
 */
unsigned process_setup_fill_standard_descriptors(void);

/*
 * Gives libuv's pool the threads that core/resources/work_share.h divides, or more if the user set
 * UV_THREADPOOL_SIZE.
 */
void process_setup_widen_thread_pool(void);

/*
 * libuv leaves io_uring alone for files: what a ring does, no filter of system calls sees. Before
 * the first loop. Since 1.49 each loop still has a ring for changes of epoll.
 */
void process_setup_leave_io_uring(void);

/* Gives memory back that is free after the start. */
void process_setup_trim_memory(void);

/* How many threads the pool has. */
unsigned process_setup_pool_threads(void);

/*
 * Slow readers allocate and free carries of up to 256 KiB, each of which glibc would map and unmap.
 * Keeps them in the heap, and lets the heap shrink only by larger steps.
 */
void process_setup_tune_memory(void);

#endif
