/*
 * Tells systemd the state of the process (sd_notify(3)): one datagram per message to the socket
 * that NOTIFY_SOCKET names. Without that variable nothing is sent.
 *
 * Owns: a socket. Thread: the main one. Errors: none; messages that cannot be sent are lost.
 * Lifetime: notify_open to notify_close.
 */
#ifndef WSLUICE_RUN_PROCESS_NOTIFY_H
#define WSLUICE_RUN_PROCESS_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

#include "base/base.h"

struct notify {
    int fd; /* -1: no NOTIFY_SOCKET */
    struct sockaddr_un address;
    socklen_t length;
    uint64_t watchdog_ms; /* send WATCHDOG=1 at least this often; 0: never */
};

/* Reads the environment. The variables stay, for a successor. */
void notify_open(struct notify *notify);

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..."; several lines at once are fine. */
void notify_send(const struct notify *notify, const char *message);

/* A reload has begun; READY=1 ends it. systemd requires the time with it. */
void notify_reloading(const struct notify *notify);

/* The end has begun and may take so long; by default systemd kills after 90 seconds. */
void notify_stopping(const struct notify *notify, uint64_t milliseconds);

/* The main process of the service from now on. */
void notify_main_pid(const struct notify *notify, long pid);

void notify_close(struct notify *notify);

#endif
