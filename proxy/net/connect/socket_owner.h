/*
 * The user that owns the other end of a TCP connection within this machine. A port is reserved for
 * a command by a socket that does not listen. Until the command listens, another user's program may
 * do so: the kernel lets sockets share a port if all of them set SO_REUSEADDR.
 *
 * The kernel knows the other end (NETLINK_SOCK_DIAG): the accepted socket, or the listening socket
 * until the connection is accepted.
 *
 * Owns: nothing. Thread: any; a few system calls that do not block. Errors: verdicts.
 * Lifetime: none.
 */
#ifndef WSLUICE_NET_CONNECT_SOCKET_OWNER_H
#define WSLUICE_NET_CONNECT_SOCKET_OWNER_H

#include "base/base.h"

enum socket_owner {
    SOCKET_OWNER_OURS,    /* this process's user, root, or the user of a descendant */
    SOCKET_OWNER_FOREIGN, /* another user, or none: the other end is closed */
    SOCKET_OWNER_UNKNOWN, /* the kernel cannot tell */
};

/* `fd` is a connected TCP socket whose peer is on this machine. */
WSL_MUST_CHECK enum socket_owner socket_owner_of_peer(int fd);

/* Whether the kernel supports it; false: every verdict will be UNKNOWN. */
WSL_MUST_CHECK bool socket_owner_is_known(void);

#endif
