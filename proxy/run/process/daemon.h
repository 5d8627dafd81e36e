/*
 * Goes to the background, and lets the launching process wait until the background process is ready
 * or has failed, and exit accordingly. Until then standard error still leads to the user.
 *
 *     if (!daemon_begin(&daemon, -1, &status))
 *         return status;                      the launcher
 *     ...bind, load certificates...
 *     daemon_ready(&daemon);                  the launcher exits with 0
 *
 * Owns: the socket to the launcher. Thread: the only one; threads do not survive a fork.
 * Errors: printed on standard error. Lifetime: until daemon_ready or daemon_failed; a background
 * process that ends without either is a failure with status 1.
 */
#ifndef WSLUICE_RUN_PROCESS_DAEMON_H
#define WSLUICE_RUN_PROCESS_DAEMON_H

#include <stdbool.h>

struct daemon {
    const char *name; /* of the program, in messages; set before daemon_begin */
    int launcher;     /* socket; -1: told, or there is none */
};

/*
 * True in the background process: it has a session without terminal, the directory "/", an empty
 * standard input, no descriptor above 2 except `keep` (-1: none), and a umask that denies writing
 * to the group and everything to others (websockify: 0). False in the launcher once the result is
 * known: exit with *exit_status. Call it before anything else is opened.
 */
bool daemon_begin(struct daemon *daemon, int keep, int *exit_status);

/* In a successor that a daemon has started: it is in the background already. */
void daemon_resume(struct daemon *daemon);

/* The launcher exits with 0; standard output and error are discarded from now on. */
void daemon_ready(struct daemon *daemon);

void daemon_failed(struct daemon *daemon, int exit_status);

#endif
