/*
 * Options and state of stream sockets, for clients and targets alike.
 *
 * Owns: nothing. Thread: any. Errors: options that the system lacks are ignored. Lifetime: none.
 */
#ifndef WSLUICE_NET_SOCKET_H
#define WSLUICE_NET_SOCKET_H

#include <sys/types.h>

#include "base/base.h"

/*
 * TCP_NODELAY, keep-alive, and a timeout for data without ACKs. Accepted sockets inherit them from
 * the listening socket, so they cost no system calls per connection.
 */
void socket_tune_tcp(int fd);

/* TCP_USER_TIMEOUT: how long a peer may send no ACK, or keep its window shut. */
#define SOCKET_STALL_MS 120000
void socket_allow_stall(int fd, uint32_t milliseconds);

/* Bytes without an ACK; of a Unix socket, bytes that the peer has not read. */
uint64_t socket_unsent(int fd);

/* Bytes that have arrived and were not read. */
uint64_t socket_unread(int fd);

/* The peer has sent FIN, or is gone; received bytes may still be there to read. */
bool socket_hung_up(int fd);

/* The user at the other end of a Unix socket. False: the system does not tell. */
WSL_MUST_CHECK bool socket_peer_user(int fd, uid_t *uid);

/* The peer has closed both directions: it takes no answer any more. */
bool socket_is_gone(int fd);

/* The pending error of a socket, as errno; 0: none. */
int socket_error(int fd);

#endif
