/*
 * Hands over to a new process of the same, or a newer, binary. The new process gets the listening
 * sockets and writes a byte into a pipe once it serves; until then the old one goes on as before.
 *
 *      old:  fork, exec --> goes on, waits on the pipe --> byte:   retires (process_state.h)
 *                 |                   ^                    closed: goes on
 *                 |                   |
 *      new:       +--> reads configuration, adopts sockets, accepts, writes the byte
 *
 * Both hold the same sockets, so at no time is a connection refused.
 *
 * Owns: the pipe, the child's pid until the child serves. Thread: the main one. Errors: false
 * and one line. Lifetime: upgrade_start to the callback, or upgrade_cancel.
 */
#ifndef WSLUICE_RUN_CHANGE_UPGRADE_H
#define WSLUICE_RUN_CHANGE_UPGRADE_H

#include <sys/types.h>

#include "net/watch.h"
#include "run/listeners/listeners.h"
#include "run/process/program.h"

struct upgrade;

/* `ready`: the child serves. Otherwise it has ended, with this status (wait(2)). */
typedef void upgrade_cb(void *owner, bool ready, pid_t child, int status);

/* NULL: *error says why. A child that does not serve within `timeout_ms` is killed. */
WSL_MUST_CHECK struct upgrade *upgrade_start(const struct program *program,
                                             const struct listeners *listeners, uint64_t timeout_ms,
                                             upgrade_cb *callback, void *owner, char *error,
                                             size_t error_size);

pid_t upgrade_child(const struct upgrade *upgrade);

/* Sends the child SIGTERM; the callback is not called any more. */
void upgrade_cancel(struct upgrade *upgrade);

/* Logs that the child ended before it served, and its wait status. */
void upgrade_log_failure(pid_t child, int status);

#endif
