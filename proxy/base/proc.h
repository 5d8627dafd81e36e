/*
 * Names of files below /proc, Linux's view of processes and descriptors.
 *
 * Owns: nothing. Thread: any. Errors: none, a name may lead nowhere. Lifetime: a name is the
 * caller's.
 */
#ifndef WSLUICE_BASE_PROC_H
#define WSLUICE_BASE_PROC_H

#include <limits.h>

#include "base/base.h"

/* Room for any of these names. */
#define PROC_NAME (NAME_MAX + 64)

#define PROC_ROOT "/proc"

/* The control groups of this process, below a root. */
#define PROC_CGROUP "/proc/self/cgroup"

/* An open descriptor; reaches its file even if that was renamed, and an O_PATH one by any call. */
const char *proc_fd(char name[static PROC_NAME], int fd);

/* An entry of the folder that is open as `fd`. */
const char *proc_entry(char name[static PROC_NAME], int fd, const char *entry);

/* A file about a process, or about one of its threads. */
const char *proc_process(char name[static PROC_NAME], unsigned long pid, const char *file);
const char *proc_thread(char name[static PROC_NAME], unsigned long pid, const char *thread,
                        const char *file);

/* The program that this process runs. False: unknown, or there is no room. */
WSL_MUST_CHECK bool proc_program(char *path, size_t size);

#endif
