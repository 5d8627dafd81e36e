/*
 * Looks at what a configuration names beside certificates: users and groups, the files and sockets
 * that the process makes, folders of files, sources of tokens, recordings.
 *
 * Owns: nothing. Thread: the caller's, which waits for the disk. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_RUN_CHECK_CHECK_FILES_H
#define WSLUICE_RUN_CHECK_CHECK_FILES_H

#include "run/check/check_path.h"

/* What is opened at the start, by the user that starts the process. */
void check_files_of_start(const struct check *check);

/* What is opened later, by the user that the process becomes. */
void check_files_of_service(const struct check *check);

#endif
