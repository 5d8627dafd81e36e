/*
 * Going to the background so that the launching process can tell how it went: it stays until the
 * background process is ready or has failed, and exits accordingly. Until then standard error still
 * leads to the user.
 *
 *     if (!daemon_begin(&daemon, &status))
 *         return status;                      the launcher
 *     ...bind, load certificates...
 *     daemon_ready(&daemon);                  the launcher exits with 0
 *
 * Owns: the line to the launcher. Thread: the only one; threads do not survive a fork.
 * Errors: told on standard error. Lifetime: until daemon_ready or daemon_failed; a background
 * process that ends without either is a failure with status 1.
 */
#ifndef WSLUICE_RUN_PROCESS_DAEMON_H
#define WSLUICE_RUN_PROCESS_DAEMON_H

#include <stdbool.h>

struct daemon {
    int launcher; /* -1: told, or never begun */
};

/*
 * True in the background process: in a session of its own without terminal, its directory "/", its
 * standard input empty, every descriptor above 2 closed but `keep` (-1: all), and a umask that
 * keeps what it creates from being written by others or read by anybody outside its group
 * (websockify: 0). False in the launcher, when the verdict is known: exit with *exit_status. Call
 * it before anything else is opened.
 */
bool daemon_begin(struct daemon *daemon, int keep, int *exit_status);

/* In a process that a daemon has started to take over: it is in the background already. */
void daemon_resume(struct daemon *daemon);

/* Standard output and error go nowhere from now on. */
void daemon_ready(struct daemon *daemon);

void daemon_failed(struct daemon *daemon, int exit_status);

#endif
