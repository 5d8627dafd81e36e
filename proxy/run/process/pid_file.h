/*
 * The file with the pid of the process that serves, for `wsluice reload`, service managers
 * (PIDFile=) and administrators.
 *
 * It is written once the process has its listeners, so that a second process, which cannot bind
 * them, does not touch it. It belongs to the user that the process becomes.
 *
 * A number in a file proves nothing: the process may have ended, another one may have its number,
 * and users who may write the file could name any. So the process holds a lock (fcntl) on the byte
 * at the offset of its pid, and the one that gets the signal is the holder of that lock:
 *  - the kernel drops the lock when the process ends, however it ends;
 *  - it names the holder as the asker's PID namespace sees it, so the number in the file may be one
 *    inside a container;
 *  - a successor locks another byte, so that the two processes of an upgrade need no agreement;
 *  - only users who may write the file can hold the lock, and only with a process of their own.
 *
 * Owns: the lock's descriptor. Thread: the main one. Errors: false and one line. Lifetime:
 * pid_file_write to pid_file_remove.
 */
#ifndef WSLUICE_RUN_PROCESS_PID_FILE_H
#define WSLUICE_RUN_PROCESS_PID_FILE_H

#include <sys/types.h>

#include "base/base.h"

/*
 * Writes this process's pid. `user`: the owner of the file; NULL: the process's user. The lock is
 * held until pid_file_remove; it is lost if this process opens and closes the file in between.
 */
WSL_MUST_CHECK bool pid_file_write(const char *path, const char *user, int *lock, char *error,
                                   size_t error_size);

/* Only if it still names this process. Without permission in its folder, the file is emptied. */
void pid_file_remove(const char *path, int *lock);

/* Sends a signal to the process that holds the lock. */
WSL_MUST_CHECK bool pid_file_signal(const char *path, int number, pid_t *pid, char *error,
                                    size_t error_size);

#endif
