/*
 * The signals that the process handles, as events of the main loop. signals_hold blocks them, in
 * this thread and all that start later; the loop reads them from a signalfd. A signal that comes
 * before the loop runs is handled then, and one that comes after it does not change the exit
 * status.
 *
 * Owns: the descriptor. Thread: the main one. Errors: false: out of memory or descriptors.
 * Lifetime: signals_open to signals_close.
 */
#ifndef WSLUICE_RUN_PROCESS_SIGNALS_H
#define WSLUICE_RUN_PROCESS_SIGNALS_H

#include "net/watch.h"

typedef void signals_cb(void *owner, int number);

struct signals {
    int fd;
    struct watch *watch;
    signals_cb *callback;
    void *owner;
};

/* Blocks SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2. */
void signals_hold(void);

WSL_MUST_CHECK bool signals_open(struct signals *signals, struct watch_set *watches,
                                 signals_cb *callback, void *owner);
void signals_close(struct signals *signals);

#endif
