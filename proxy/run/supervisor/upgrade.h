/*
 * Handing over to a new process of the same, or a newer, binary: it gets the listening sockets, and
 * when it serves it says so; until then this process goes on as before.
 *
 *      old:  fork, exec ----------------- waits on a pipe -----> "ready": stops accepting, sessions
 *                 |                             ^                 end in their own time
 *      new:       +-> config, adopts sockets, --+           or the pipe closes: goes on
 *                     accepts, writes a byte
 *
 * Both hold the same sockets, so at no time is a connection refused.
 *
 * Owns: the pipe, the child's pid until it is known to serve. Thread: the main one. Errors: false
 * and one line. Lifetime: upgrade_start to the callback, or upgrade_cancel.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_UPGRADE_H
#define WSLUICE_RUN_SUPERVISOR_UPGRADE_H

#include <sys/types.h>

#include "net/watch.h"
#include "run/listeners/listeners.h"
#include "run/process/program.h"

struct upgrade;

/* `child` serves; or it has ended instead, `status` says how (wait(2)). */
typedef void upgrade_cb(void *owner, bool ready, pid_t child, int status);

/* NULL: *error says why. A child that does not serve within its time is ended. */
WSL_MUST_CHECK struct upgrade *upgrade_start(const struct program *program,
                                             const struct listeners *listeners,
                                             uint64_t patience_ms, upgrade_cb *callback,
                                             void *owner, char *error, size_t error_size);

pid_t upgrade_child(const struct upgrade *upgrade);

/* The child is told to end, and no callback comes after this. */
void upgrade_cancel(struct upgrade *upgrade);

/* Logs how a child ended that was to take over, by its wait status. */
void upgrade_log_failure(pid_t child, int status);

#endif
