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

/* Bytes that were sent and not yet acknowledged. */
uint64_t socket_unsent(int fd);

/* The peer will send nothing more than what may already lie here. */
bool socket_hung_up(int fd);

/* The pending error of a socket, as errno; 0: none. */
int socket_error(int fd);

#endif
