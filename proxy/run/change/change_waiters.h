/*
 * Clients of the admin socket that wait for the verdict on a change (change_queue.h).
 *
 *      change_waiters_add --> pending --change_waiters_begin--> current --> change_waiters_answer
 *                                                                  ^
 *      change_waiters_join ----------------------------------------+
 *
 * A client that asks during a reload waits for the next one, which reads the files after the
 * request. A client that asks during an upgrade gets the verdict on that one.
 *
 * Owns: the requests until they are answered. Thread: the main one. Errors: none. Lifetime:
 * change_waiters_init until the process ends; all are answered before the workers stop.
 */
#ifndef WSLUICE_RUN_CHANGE_CHANGE_WAITERS_H
#define WSLUICE_RUN_CHANGE_CHANGE_WAITERS_H

#include "run/change/change_queue.h"
#include "serve/status/control_request.h"

struct change_waiters {
    struct list pending[CHANGES];
    struct list current;
};

void change_waiters_init(struct change_waiters *waiters);

void change_waiters_add(struct change_waiters *waiters, enum change change,
                        struct control_request *request);

/* Waits for the change that is current. */
void change_waiters_join(struct change_waiters *waiters, struct control_request *request);

/* The change is current now. */
void change_waiters_begin(struct change_waiters *waiters, enum change change);

/* The current change has ended. */
void change_waiters_answer(struct change_waiters *waiters, enum control_outcome outcome,
                           const char *text);

/* No change begins any more. */
void change_waiters_answer_all(struct change_waiters *waiters, enum control_outcome outcome,
                               const char *text);

#endif
