/*
 * The main thread: listeners, signals, the workers, changes of the configuration, and the end of
 * the process. It accepts connections and gives them to workers; it never touches a session's
 * bytes.
 *
 *      SIGHUP              reads the configuration again; a bad one changes nothing
 *      SIGUSR1             opens the log's file again
 *      SIGUSR2             hands the sockets over to a new process of the binary
 *      SIGTERM, SIGINT     takes no new clients, tells sessions to end; the second one: at once
 *
 * The happy path: supervisor_create binds everything and starts the workers; supervisor_run accepts
 * until a signal ends that, and returns when the last session has ended or the deadline has passed.
 *
 * What can fail: at start a listener, a certificate, a thread: one line, and nothing is left
 * behind. Later a reload or an upgrade, which then changes nothing; descriptors may run out, which
 * pauses accepting.
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

/* The status to exit with: 0, or the command's, if its end ended the process. */
int supervisor_run(struct supervisor *supervisor);

/* False: a look-up hangs, and only _exit ends the process in time (loop.h). */
WSL_MUST_CHECK bool supervisor_free(struct supervisor *supervisor);

#endif
