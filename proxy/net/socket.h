/*
 * Options of stream sockets, in one place for both legs of a session.
 *
 * Owns: nothing. Thread: any. Errors: an option that the system lacks is not missed. Lifetime:
 * none.
 */
#ifndef WSLUICE_NET_SOCKET_H
#define WSLUICE_NET_SOCKET_H

#include "base/base.h"

/*
 * No delay, keep-alive, and an end to waiting for a peer that acknowledges nothing. A listening
 * socket passes them on to what it accepts, so they cost nothing per connection there.
 */
void socket_tune_tcp(int fd);

/* So long a peer may acknowledge nothing, or keep its window shut, before the kernel gives up. */
#define SOCKET_STALL_MS 120000
void socket_allow_stall(int fd, uint32_t milliseconds);

/* Bytes that were sent and not yet acknowledged; of a Unix socket, that were not yet read. */
uint64_t socket_unsent(int fd);

/* The peer will send nothing more than what may already lie here. */
bool socket_hung_up(int fd);

/* The pending error of a socket, as errno; 0: none. */
int socket_error(int fd);

#endif
