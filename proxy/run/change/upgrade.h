/*
 * Hands over to a new process of the same, or a newer, binary. The new process gets the listening
 * sockets and writes into a pipe once it serves; until then the old one goes on as before.
 *
 *      old:  fork, exec --> goes on, waits on the pipe --> "1 0.2.0\n": retires (process_state.h)
 *                 |                   ^                    closed:      goes on
 *                 |                   |
 *      new:       +--> reads configuration, adopts sockets, accepts, writes its version
 *
 * Both hold the same sockets, so at no time is a connection refused. A process of an older version
 * writes "1" alone. A second pipe carries what the new process says about its failure; the first
 * cannot, because an older process takes any byte on it for success.
 *
 * Owns: the pipes, the child's pid until the child serves. Thread: the main one. Errors: NULL and
 * one line. Lifetime: upgrade_start to the callback, or upgrade_cancel.
 */
#ifndef WSLUICE_RUN_CHANGE_UPGRADE_H
#define WSLUICE_RUN_CHANGE_UPGRADE_H

#include <sys/types.h>

#include "net/watch.h"
#include "run/change/links.h"
#include "run/listeners/listeners.h"
#include "run/process/program.h"
#include "run/process/starter.h"

struct upgrade;

struct upgrade_outcome {
    bool ready; /* the child serves; otherwise it has ended */
    pid_t child;
    const char *version; /* of the child, if it serves; "": it did not say */
    const char *failure; /* what became of it, as a phrase; "": it serves */
    const char *said;    /* its own errors, printable lines; "": none */
};

/* Borrows the texts. */
typedef void upgrade_cb(void *owner, const struct upgrade_outcome *outcome);

/* All is borrowed during the call, but the owner. */
struct upgrade_request {
    const struct program *program;
    const struct listeners *listeners;
    struct links_offer *links;
    /* If it is open, it starts the program; its job is handover_execute. */
    const struct starter *starter; /* NULL: this process forks */
    size_t starter_job;
    uint64_t timeout_ms; /* a child that does not serve by then is killed */
    upgrade_cb *callback;
    void *owner;
};

/* NULL: *error says why. */
WSL_MUST_CHECK struct upgrade *upgrade_start(const struct upgrade_request *request, char *error,
                                             size_t error_size);

pid_t upgrade_child(const struct upgrade *upgrade);

/* Sends the child SIGTERM; the callback is not called any more. */
void upgrade_cancel(struct upgrade *upgrade);

#endif
