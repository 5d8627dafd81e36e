/*
 * The main thread: listeners, signals, the workers and the end of the process. It accepts and hands
 * on; it never touches a session's bytes.
 *
 * The happy path: supervisor_create binds everything and starts the workers; supervisor_run accepts
 * until SIGTERM or SIGINT; then listeners close, workers drain, and it returns when the last
 * session is gone or the drain deadline has passed. A second signal ends all sessions at once.
 *
 * What can fail: at start a listener, a certificate, a thread: one line, and nothing is left
 * behind. Later only descriptors: accepting pauses and resumes by itself.
 *
 * Owns: listeners, workers, the gate. Thread: the main one. Errors: NULL and one line.
 * Lifetime: supervisor_create, supervisor_run, supervisor_free.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_H
#define WSLUICE_RUN_SUPERVISOR_H

#include "config/config.h"

struct supervisor;

struct supervisor *supervisor_create(const struct config *config, char *error, size_t error_size)
    __attribute__((warn_unused_result));
void supervisor_run(struct supervisor *supervisor);

/* False: a look-up hangs in a thread of libuv's, and only _exit ends the process in time. */
bool supervisor_free(struct supervisor *supervisor) __attribute__((warn_unused_result));

#endif
