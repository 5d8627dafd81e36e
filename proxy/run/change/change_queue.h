/*
 * The changes of a process that serves, one at a time: a new process must not get sockets that a
 * reload is about to replace.
 *
 *      SIGHUP ----> CONFIG ---------+
 *      SIGUSR2 ---> UPGRADE --------+--> pending --> current --> done, or given up
 *      timer -----> CERTIFICATES ---+
 *
 * A change is pending until nothing is current; then the first in the order of `enum change` is
 * next. Requests for a change that is pending already are one. A request for the change that is
 * current makes it pending again, as its files may have been read before they changed; an upgrade
 * is the exception: its new process has the sockets already.
 *
 * Pure. Owns: nothing. Thread: one. Errors: none. Lifetime: plain memory, begins as {0}.
 */
#ifndef WSLUICE_RUN_CHANGE_CHANGE_QUEUE_H
#define WSLUICE_RUN_CHANGE_CHANGE_QUEUE_H

#include "base/base.h"

enum change {
    CHANGE_NONE,
    CHANGE_CONFIG,       /* read the configuration again, and the files that it names */
    CHANGE_UPGRADE,      /* hand over to a new process */
    CHANGE_CERTIFICATES, /* read the files that the configuration in use names */
    CHANGES,
};

struct change_queue {
    enum change current;
    bool pending[CHANGES];
    bool config_refused; /* the file, as last read, is not what is in use */
};

void change_queue_request(struct change_queue *queue, enum change change);

/* Makes a pending change the current one; CHANGE_NONE: one is current, or none is pending. */
WSL_MUST_CHECK enum change change_queue_next(struct change_queue *queue);

/*
 * The current change has ended. Returns whether that says how the last reload went: new
 * certificates do not make a refused configuration a good one.
 */
bool change_queue_finish(struct change_queue *queue, bool succeeded);

/* The current change did not begin, or is given up; what is known of the configuration stays. */
void change_queue_give_up(struct change_queue *queue);

/* A request for `change` waits. */
bool change_queue_has(const struct change_queue *queue, enum change change);

/* Nothing is current or pending. */
bool change_queue_is_idle(const struct change_queue *queue);

#endif
