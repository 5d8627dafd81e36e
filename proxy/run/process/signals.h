/*
 * The signals that the process understands, as events of the main loop. They are held from
 * signals_hold on, in every thread that begins later, and read from a descriptor once the loop
 * runs: one that comes after the first socket was bound, or when the process is ending already,
 * neither kills it nor changes how it ends.
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

/* SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2, in this thread and those that it starts. */
void signals_hold(void);

WSL_MUST_CHECK bool signals_open(struct signals *signals, struct watch_set *watches,
                                 signals_cb *callback, void *owner);
void signals_close(struct signals *signals);

#endif
