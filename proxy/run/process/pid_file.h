/*
 * The file with the pid of the process that serves, for `wsluice reload`, service managers
 * (PIDFile=) and administrators.
 *
 * It is written once the process has its listeners, so that a second process, which cannot bind
 * them, does not touch it. It belongs to the user that the process becomes.
 *
 * Owns: nothing. Thread: the main one. Errors: false and one line. Lifetime: none.
 */
#ifndef WSLUICE_RUN_PROCESS_PID_FILE_H
#define WSLUICE_RUN_PROCESS_PID_FILE_H

#include <sys/types.h>

#include "base/base.h"

/* Writes this process's pid. `user`: the owner of the file; NULL: the process's user. */
WSL_MUST_CHECK bool pid_file_write(const char *path, const char *user, char *error,
                                   size_t error_size);

/* Only if it still names this process. Without permission in its folder, the file is emptied. */
void pid_file_remove(const char *path);

/* Sends a signal to the process that the file names, if that is wsluice. */
WSL_MUST_CHECK bool pid_file_signal(const char *path, int number, pid_t *pid, char *error,
                                    size_t error_size);

#endif
