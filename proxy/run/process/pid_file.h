/*
 * The file that says which process serves: for `wsluice reload`, for service managers that want one
 * (PIDFile=), and for people.
 *
 * It is written once the process has its listeners, so that a second one that is refused its ports
 * does not touch it, and belongs to the user that the process becomes.
 *
 * Owns: nothing. Thread: the main one. Errors: false and one line. Lifetime: none.
 */
#ifndef WSLUICE_RUN_PROCESS_PID_FILE_H
#define WSLUICE_RUN_PROCESS_PID_FILE_H

#include <sys/types.h>

#include "base/base.h"

/* Our own pid. `user`: whose file it is to be; NULL: ours. */
WSL_MUST_CHECK bool pid_file_write(const char *path, const char *user, char *error,
                                   size_t error_size);

/* If it still names this process: where its folder is not ours, an empty file remains. */
void pid_file_remove(const char *path);

/* Sends a signal to the process that the file names, if that is a wsluice. */
WSL_MUST_CHECK bool pid_file_signal(const char *path, int number, pid_t *pid, char *error,
                                    size_t error_size);

#endif
