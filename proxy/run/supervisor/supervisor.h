/*
 * The main thread: listeners, signals, the workers, changes of the configuration, and the end of
 * the process. It accepts and hands on; it never touches a session's bytes.
 *
 *      SIGHUP              the configuration is read again; a bad one changes nothing
 *      SIGUSR1             the log's file is opened anew
 *      SIGUSR2             a new process of the binary takes the sockets over
 *      SIGTERM, SIGINT     no new clients, sessions are told to end; a second one: at once
 *
 * The happy path: supervisor_create binds everything and starts the workers; supervisor_run accepts
 * until a signal ends that, and returns when the last session is gone or the deadline has passed.
 *
 * What can fail: at start a listener, a certificate, a thread: one line, and nothing is left
 * behind. Later a reload or an upgrade, which changes nothing then; and descriptors: accepting
 * pauses.
 *
 * Owns: listeners, workers, the site. Thread: the main one; a reload reads its files in libuv's
 * pool. Errors: NULL and one line. Lifetime: supervisor_create, supervisor_run, supervisor_free.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_SUPERVISOR_H
#define WSLUICE_RUN_SUPERVISOR_SUPERVISOR_H

#include "run/supervisor/supervisor_options.h"

struct supervisor;

WSL_MUST_CHECK struct supervisor *supervisor_create(const struct supervisor_options *options,
                                                    char *error, size_t error_size);

/* The status to exit with: 0, or that of the command whose end was ours. */
int supervisor_run(struct supervisor *supervisor);

/* False: something hangs that only _exit ends in time (loop.h). */
WSL_MUST_CHECK bool supervisor_free(struct supervisor *supervisor);

#endif
