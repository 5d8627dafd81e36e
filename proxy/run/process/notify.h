/*
 * Telling systemd how things go, in its own protocol: one datagram per message to the socket that
 * NOTIFY_SOCKET names. Without that variable nothing happens.
 *
 * Owns: a socket. Thread: the main one. Errors: none; a supervisor that does not listen is not
 * missed. Lifetime: notify_open to notify_close.
 */
#ifndef WSLUICE_RUN_PROCESS_NOTIFY_H
#define WSLUICE_RUN_PROCESS_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

#include "base/base.h"

struct notify {
    int fd; /* -1: nobody asked */
    struct sockaddr_un address;
    socklen_t length;
    uint64_t watchdog_ms; /* say that we live at least this often; 0: nobody asked */
};

/* Reads the environment. The variables stay, for a newer binary that takes over. */
void notify_open(struct notify *notify);

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..."; several lines at once are fine. */
void notify_say(const struct notify *notify, const char *message);

/* The configuration is being read again: systemd wants to know when. READY=1 ends it. */
void notify_reloading(const struct notify *notify);

/* The end has begun, and may take so long: systemd's own patience would be 90 seconds. */
void notify_stopping(const struct notify *notify, uint64_t milliseconds);

/* The process to watch from now on. */
void notify_main_pid(const struct notify *notify, long pid);

void notify_close(struct notify *notify);

#endif
